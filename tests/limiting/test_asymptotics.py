"""The limits of the flow in the frame that moves with W^mm, against the flow and against small exact cases."""

import numpy as np
import pytest
from scipy.special import lambertw

import ntp_lib as ntp
from ntp_lib.margins.active_pairs import active_pairs
from ntp_lib.subspaces.data_space import data_space

SEEDS = range(3)


def degenerate(first=0.25):
    """Two binary contexts (1, 0) and (1, 1): both margins are one at W^mm, the second multiplier is zero."""
    return ntp.NTPData([[1.0, 0.0], [1.0, 1.0]], [first, 1 - first], [[1.0, 0.0], [1.0, 0.0]])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_flow_settles_where_predicted(seed, random_problem):
    references = ntp.references(random_problem(seed, m=3, d=4))
    limits = ntp.asymptotics(references)
    assert limits.generic
    end = 60 / limits.rate
    flow = ntp.gradient_flow(references.data, log_times=[0.9 * end, end, 1e5], references=references)
    free = limits.free_part(flow.W(1))
    assert np.linalg.norm(limits.free_part(flow.W(0)) - free) <= 1e-6
    assert np.linalg.norm(flow.points[1].drift - free - limits.drift) <= 1e-6 * np.linalg.norm(limits.drift)
    assert np.abs(flow.multipliers(1) - limits.multipliers).max() <= 1e-6
    outside = references.data.probs.toarray() == 0
    assert np.abs(flow.multipliers(2) + np.where(outside, references.svm.dual, 0)).max() <= 1e-5
    assert np.abs(flow.multipliers(2) + 1.01 * np.where(outside, references.svm.dual, 0)).max() > 1e-3
    for corrected, name in ((False, "one_minus_cosine"), (True, "one_minus_cosine_corrected")):
        law = limits.one_minus_cosine(1e5, free=free, corrected=corrected)
        assert law == pytest.approx(flow.frame[name].iloc[-1], rel=1e-3)
        refined = limits.one_minus_cosine(1e5, free=free, corrected=corrected, refined=True)
        assert refined == pytest.approx(flow.frame[name].iloc[-1], rel=1e-7)
        # Control: the law without the part that remembers the start.
        assert limits.one_minus_cosine(1e5, corrected=corrected) != pytest.approx(law, rel=1e-3)


def test_only_the_free_part_remembers_the_start(random_problem):
    references = ntp.references(random_problem(0, m=3, d=4))
    limits = ntp.asymptotics(references)
    end = [30 / limits.rate]
    ends = [ntp.gradient_flow(references.data, log_times=end, references=references, seed=k) for k in (1, 2)]
    frees = [limits.free_part(flow.W(0)) for flow in ends]
    drifts = [flow.points[0].drift - free for flow, free in zip(ends, frees, strict=True)]
    assert np.linalg.norm(drifts[0] - drifts[1]) <= 1e-5
    assert np.linalg.norm(frees[0] - frees[1]) > 1e-2


@pytest.mark.parametrize("seed", SEEDS)
def test_the_regularisation_path_settles_at_the_drift_alone(seed, random_problem):
    """P_⊥ W_λ − R W^mm with e^{−R} = λR goes to the drift like 1/R; it has no free part."""
    references = ntp.references(random_problem(seed, m=3, d=4))
    limits = ntp.asymptotics(references)
    penalties = [1e-4, 1e-7, 1e-12]
    path = ntp.regularization_path(references.data, penalties=penalties, references=references)
    R = lambertw(1 / np.array(penalties)).real

    def error_from(i, drift):
        return np.linalg.norm(references.F.project_complement(path.W(i)) - R[i] * references.W_mm - drift) * R[i]

    errors = [error_from(i, limits.drift) for i in range(3)]
    # The error times R is nearly constant; without the factor R it would fall by R[2]/R[1] = 1.8.
    assert errors[2] == pytest.approx(errors[1], rel=0.3)
    assert errors[2] / R[2] < 0.7 * errors[1] / R[1]
    # Control: measured from half the drift, the error stays, and times R it grows.
    half = [error_from(i, 0.5 * limits.drift) for i in range(3)]
    assert half[2] > 1.4 * half[1]


def test_dependent_active_pairs_share_the_multiplier_by_weight():
    """Two copies of one context: dual solutions are not unique, and t π̂ o keeps the proportion π̂_1 : π̂_2."""
    data = ntp.NTPData([[1.0], [1.0]], [0.3, 0.7], [[1.0, 0.0], [1.0, 0.0]])
    references = ntp.references(data)
    limits = ntp.asymptotics(references)
    assert limits.generic
    assert limits.multipliers[:, 1] == pytest.approx(0.5 * np.array([0.3, 0.7]), rel=1e-9)
    flow = ntp.gradient_flow(data, log_times=[50.0], references=references)
    assert flow.multipliers(0)[:, 1] == pytest.approx(limits.multipliers[:, 1], rel=1e-5)


def test_with_a_multiplier_of_zero_the_drift_has_no_limit():
    """With θ = W_1 − W_2: θ_2' = (π̂_2/π̂_1) e^{−θ_2} in s, so e^{θ_2} grows like 3s for weights 1/4 and 3/4."""
    data = degenerate()
    references = ntp.references(data)
    assert references.W_mm == pytest.approx(np.array([[0.5, 0.0], [-0.5, 0.0]]), abs=1e-9)
    limits = ntp.asymptotics(references)
    assert not limits.generic
    assert limits.weakest <= 1e-9
    with pytest.raises(ntp.NTPDataError, match="multiplier zero"):
        limits.one_minus_cosine(10.0)
    log_times = np.array([1e3, 1e4, 1e5])
    flow = ntp.gradient_flow(data, log_times=log_times, references=references)
    gaps = np.array([(flow.W(i)[0] - flow.W(i)[1])[1] for i in range(3)])
    assert np.exp(gaps) / log_times == pytest.approx(3.0, rel=1e-2)
    assert np.exp(gaps[-1]) / log_times[-1] == pytest.approx(3.0, rel=1e-3)
    assert flow.multipliers(2)[1, 1] * log_times[2] == pytest.approx(0.5, rel=1e-3)
    scaled = flow.frame["one_minus_cosine"] * log_times**2
    assert scaled.iloc[2] > 1.4 * scaled.iloc[1]
    # Control: leaning the second context away by a little makes it inactive, and the law holds again.
    healed = ntp.NTPData([[1.0, 0.0], [1.2, 1.0]], [0.25, 0.75], [[1.0, 0.0], [1.0, 0.0]])
    assert ntp.asymptotics(ntp.references(healed)).generic


def test_active_pairs_have_margins_of_exactly_one(random_problem):
    data = random_problem(1, m=3, d=4)
    references = ntp.references(data)
    space = data_space(references.F)
    pairs = active_pairs(references.W_mm * (1 + 3e-8), data, space)
    assert np.linalg.norm(pairs.W_mm - references.W_mm) <= 1e-12
    margins = -space.offset(pairs.y_mm)
    assert np.abs(margins[pairs.mask] - 1).max() <= 1e-13
    assert pairs.surplus[pairs.mask].max() == 0.0
    outside = data.probs.toarray() == 0
    assert pairs.surplus[outside & ~pairs.mask].min(initial=np.inf) > 1e-6
    U = references.F.project_complement(np.random.default_rng(0).normal(size=references.W_mm.shape))
    products = pairs.vectors @ space.coordinates(U)[1]
    logits = data.embeddings @ U.T
    level = np.where(~outside, logits, -np.inf).max(axis=1, keepdims=True)
    assert products == pytest.approx((level - logits)[pairs.mask], abs=1e-12)


def test_without_a_margin_there_is_nothing_to_settle_around():
    data = ntp.NTPData([[1.0], [-2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    with pytest.raises(ntp.NotSeparableError, match="settle around"):
        ntp.asymptotics(ntp.references(data))


def test_where_a_multiplier_vanishes_there_is_no_value_of_phi():
    limits = ntp.asymptotics(ntp.references(degenerate()))
    assert limits.drift is None
    numbers = [value for value in vars(limits).values() if isinstance(value, float)]
    assert np.isnan(numbers).any()
    generic = ntp.asymptotics(ntp.references(ntp.synthetic.toy_2d()))
    assert not np.isnan([value for value in vars(generic).values() if isinstance(value, float)]).any()
