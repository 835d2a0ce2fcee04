"""The gradient flow against an exact solution, gradient descent, its own Jacobians and the theorems."""

import tracemalloc

import numpy as np
import pytest
from scipy.special import lambertw

import ntp_lib as ntp
from ntp_lib.limiting.limits import compatible_counterpart
from ntp_lib.margins.active_pairs import active_pairs
from ntp_lib.subspaces import data_space as data_space_module
from ntp_lib.subspaces.data_space import data_space
from ntp_lib.trajectories.flow_early import EarlyStage
from ntp_lib.trajectories.flow_late import LateStage
from ntp_lib.trajectories.stepping import FlowBDF, walk

SEEDS = range(3)


@pytest.fixture(scope="module")
def incompatible():
    return ntp.NTPData(
        [[1.0, 0.0, 0.3], [2.0, 0.0, 0.6], [0.0, 1.0, 0.0]],
        np.full(3, 1 / 3),
        [[0.5, 0.5, 0.0, 0.0, 0.0], [0.8, 0.2, 0.0, 0.0, 0.0], [0.0, 0.0, 0.3, 0.7, 0.0]],
    )


def stages(data):
    references = ntp.references(data)
    space = data_space(references.F)
    early = EarlyStage(compatible_counterpart(references), references.W_finite, space)
    return early, LateStage(early, active_pairs(references.W_mm, data, space))


@pytest.mark.parametrize("start", [-1.0, 0.0, 2.0])
def test_one_context_and_two_tokens_follow_the_exact_solution(start):
    """θ = W_1 − W_2 solves θ' = 2/(1 + e^θ), so θ + e^θ = 2t + θ_0 + e^{θ_0}: θ = c − W(e^c), Lambert's W."""
    data = ntp.NTPData([[1.0]], [1.0], [[1.0, 0.0]])
    log_times = np.array([-20.0, -3.0, 0.0, 1.0, 4.0, 10.0, 18.0, 40.0, 1e3, 1e5])
    flow = ntp.gradient_flow(data, log_times=log_times, W0=[[start / 2], [-start / 2]])
    gaps = np.array([(flow.W(i)[0] - flow.W(i)[1])[0] for i in range(len(log_times))])
    early = log_times < 6
    c = 2 * np.exp(log_times[early]) + start + np.exp(start)
    # Tolerance 1e-6 per step, over some hundred steps.
    assert gaps[early] == pytest.approx(c - lambertw(np.exp(c)).real, abs=1e-4)
    assert gaps[early] != pytest.approx(c / 2 - lambertw(np.exp(c / 2)).real, abs=1e-2)
    # Late: θ = log(2t + c_0 − θ), by fixed-point iteration in log 2t, whose factor is e^{−θ}.
    late, theta = np.log(2) + log_times[~early], np.log(2) + log_times[~early]
    for _ in range(20):
        theta = late + np.log1p((start + np.exp(start) - theta) * np.exp(-late))
    assert gaps[~early] == pytest.approx(theta, abs=1e-5)
    assert flow.hand_over.log_time < 20


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_descent_with_a_small_step_follows_the_flow(seed, random_problem):
    data = random_problem(seed, m=3, d=4)
    references = ntp.references(data)
    step = 0.02
    steps = 8_000
    descent = ntp.train(data, step_size=step, steps=steps, references=references, num_records=5, seed=seed)
    log_times = np.log(step * descent.frame["step"].to_numpy()[1:])
    flow = ntp.gradient_flow(data, log_times=log_times, references=references, seed=seed)
    size = np.linalg.norm(descent.W)
    assert np.linalg.norm(flow.W(-1) - descent.W) <= 2e-4 * size
    for name in ("norm", "cosine", "margin", "excess_loss"):
        # Euler's method is off by η times curvature; what remains of it shrinks as the run goes on.
        assert flow.frame[name].to_numpy()[-1] == pytest.approx(descent.frame[name].iloc[-1], rel=1e-3)
    # Control: the same decoder at the wrong unit of time, k instead of kη.
    wrong = ntp.gradient_flow(data, log_times=[np.log(steps)], references=references, seed=seed)
    assert np.linalg.norm(wrong.W(0) - descent.W) > 0.1 * size


def test_the_flow_restarts_from_its_own_points(random_problem):
    data = random_problem(1, m=3, d=4)
    references = ntp.references(data)
    whole = ntp.gradient_flow(data, log_times=np.log([3.0, 3.0 + 50.0, 3.0 + 5e9]), references=references)
    rest = ntp.gradient_flow(data, log_times=np.log([50.0, 5e9]), references=references, W0=whole.W(0))
    for i in range(2):
        assert np.linalg.norm(rest.W(i) - whole.W(i + 1)) <= 1e-4 * np.linalg.norm(whole.W(i + 1))
    other = ntp.gradient_flow(data, log_times=np.log([50.0, 5e9]), references=references)
    assert np.linalg.norm(other.W(0) - whole.W(1)) > 1e-3 * np.linalg.norm(whole.W(1))


@pytest.mark.parametrize("seed", SEEDS)
def test_limits_of_theorem_2(seed, random_problem):
    data = random_problem(seed, m=3, d=4)
    rng = np.random.default_rng(seed)
    flow = ntp.gradient_flow(data, log_times=[-5, 0, 5, 10, 15, 20, 40, 400], W0=rng.normal(size=(5, 4)))
    frame = flow.frame
    assert (np.diff(frame["log_excess"]) < 0).all()
    assert frame["log_excess"].iloc[-1] == pytest.approx(-400 + np.log(flow.multipliers(-1).sum()), rel=1e-9)
    # An O(1/t) part in F: t‖P_F W − W*‖ has a limit, never zero unless F itself is.
    scaled = frame["log_finite_error"].to_numpy() + frame["log_time"].to_numpy()
    if flow.references.F.dim:
        assert scaled[-3:] == pytest.approx(scaled[-1], abs=0.1)
    assert frame["one_minus_cosine"].iloc[-1] < 1e-3
    assert frame["cosine"].to_numpy() == pytest.approx(1 - frame["one_minus_cosine"].to_numpy(), abs=1e-12)
    assert frame["cosine_corrected"].to_numpy() == pytest.approx(
        1 - frame["one_minus_cosine_corrected"].to_numpy(), abs=1e-12
    )
    assert frame["margin"].iloc[-1] == pytest.approx(400, rel=0.1)


def test_excess_and_finite_error_agree_with_the_decoder(random_problem):
    data = random_problem(2, m=3, d=4)
    flow = ntp.gradient_flow(data, log_times=[0, 8, 14, 20, 25])
    for i in range(5):
        excess = ntp.excess_loss(flow.W(i), data)
        assert flow.frame["excess_loss"][i] == pytest.approx(excess, rel=1e-5, abs=0)
        finite = flow.references.F.project(flow.W(i)) - flow.references.W_finite
        assert flow.frame["finite_error"][i] == pytest.approx(np.linalg.norm(finite), rel=1e-5, abs=1e-13)


def test_what_the_data_cannot_see_stays(random_problem):
    data = random_problem(0, m=2, d=5)
    rng = np.random.default_rng(0)
    W0 = rng.normal(size=(5, 5))
    flow = ntp.gradient_flow(data, log_times=[-10, 5, 15, 60], W0=W0)
    rows = data_space_module.row_space(data.embeddings)
    blind = np.eye(5) - rows @ rows.T
    for i in range(4):
        assert np.abs((flow.W(i) - W0) @ blind).max() <= 1e-12
        assert np.abs((flow.W(i) - W0).sum(axis=0)).max() <= 1e-11
    assert np.abs((flow.W(3) - W0) @ rows).max() > 1


@pytest.mark.parametrize("name", ["random", "incompatible"])
def test_both_stages_agree_where_both_are_accurate(name, random_problem, incompatible):
    """A tolerance of 1e-9 hands over about seven units of log t later than one of 1e-6."""
    data = random_problem(1, m=3, d=4) if name == "random" else incompatible
    references = ntp.references(data)
    log_times = [16.0, 18.0, 20.0, 22.0, 100.0]
    coarse = ntp.gradient_flow(data, log_times=log_times, references=references, tolerance=1e-6)
    fine = ntp.gradient_flow(data, log_times=log_times, references=references, tolerance=1e-10)
    assert fine.hand_over.log_time > coarse.hand_over.log_time + 5
    both = (coarse.frame["stage"] == 2) & (fine.frame["stage"] == 1)
    assert both.sum() >= 1
    for i in range(5):
        assert np.linalg.norm(coarse.W(i) - fine.W(i)) <= 1e-5 * np.linalg.norm(fine.W(i))
        assert coarse.frame["log_finite_error"][i] == pytest.approx(fine.frame["log_finite_error"][i], abs=1e-3)
    assert coarse.hand_over.slaving_error < 1e-3
    assert fine.hand_over.neglected <= 1e-10


@pytest.mark.parametrize("seed", SEEDS)
def test_the_second_stage_is_the_first_without_terms_of_order_one_over_t(seed, random_problem):
    early, late = stages(random_problem(seed, m=3, d=4))
    rng = np.random.default_rng(seed)
    rho, s = rng.normal(size=early.space.offset_size), 18.0
    z, _ = late.slaved(s, rho)
    x, y = z * np.exp(-s), rho + s * late.pairs.y_mm
    whole = early.derivative(s, early.state(s, x, y))
    split = early.split(x, y)
    neglected = max(np.abs(split.deviation).max(), np.exp(split.log_total_offset.max()))
    expected = late.derivative(s, rho) + late.pairs.y_mm
    size = np.linalg.norm(expected)
    assert np.linalg.norm(whole[early.space.finite_size :] - expected) <= 20 * neglected * size
    # Stationarity on F to first order; without the offsets' pull, x = 0, the control is of order one.
    forced = np.linalg.norm(early.slope(np.zeros_like(x), y)[0])
    if forced:
        assert np.linalg.norm(early.slope(x, y)[0]) <= 1e3 * neglected * forced


@pytest.mark.parametrize("s", [-3.0, 2.0, 9.0])
def test_jacobians_are_those_of_the_right_hand_sides(s, random_problem):
    early, late = stages(random_problem(0, m=3, d=4))
    rng = np.random.default_rng(0)
    state = early.state(s, rng.normal(size=early.space.finite_size), rng.normal(size=early.space.offset_size))
    rho = rng.normal(size=early.space.offset_size)
    for stage, point in ((early, state), (late, rho)):
        direction = rng.normal(size=point.shape) * np.maximum(np.abs(point), 1.0)
        h = 1e-5
        difference = (stage.derivative(s, point + h * direction) - stage.derivative(s, point - h * direction)) / (
            2 * h
        )
        product = stage.linearise(s, point).jacobian @ direction
        size = np.linalg.norm(difference)
        assert np.linalg.norm(product - difference) <= 1e-6 * size
        assert np.linalg.norm(-product - difference) > 1e-1 * size


def test_without_explicit_bases_the_flow_is_the_same(monkeypatch, random_problem):
    data = random_problem(2, m=3, d=4)
    references = ntp.references(data)
    log_times = [-3.0, 2.0, 10.0, 20.0, 1000.0]
    dense = ntp.gradient_flow(data, log_times=log_times, references=references)
    monkeypatch.setattr(data_space_module, "DENSE_UNKNOWNS", 0)
    free = ntp.gradient_flow(data, log_times=log_times, references=references)
    for i in range(5):
        assert np.linalg.norm(free.W(i) - dense.W(i)) <= 1e-4 * np.linalg.norm(dense.W(i))
        assert free.frame["log_finite_error"][i] == pytest.approx(dense.frame["log_finite_error"][i], abs=1e-3)


def test_incompatible_data_settle_at_the_minimiser_on_F(incompatible):
    flow = ntp.gradient_flow(incompatible, log_times=[10.0, 20.0, 1000.0])
    assert flow.frame["finite_error"].iloc[1] < 1e-7
    assert flow.frame["excess_loss"].iloc[-1] == pytest.approx(0.0145574, rel=1e-5)
    assert flow.frame["log_excess"].iloc[-1] == pytest.approx(-1000, abs=5)
    assert flow.frame["one_minus_cosine"].iloc[-1] < 1e-5
    stars = flow.references.compatibility.W_least_squares
    assert np.linalg.norm(flow.references.F.project(flow.W(2)) - stars) > 0.1


def test_at_the_beginning_the_flow_is_a_step_of_gradient_descent(random_problem):
    data = random_problem(0, m=3, d=4)
    W0 = np.random.default_rng(1).normal(size=(5, 4))
    flow = ntp.gradient_flow(data, log_times=[-800.0, -40.0, -12.0], W0=W0)
    assert np.abs(flow.W(0) - W0).max() <= 1e-12  # s W^mm is taken out and put back
    t = np.exp(-12.0)
    step = flow.W(2) - W0
    assert np.linalg.norm(step + t * ntp.gradient(W0, data)) <= 10 * t**2
    assert np.linalg.norm(step - t * ntp.gradient(W0, data)) > 1e-2 * t


@pytest.mark.parametrize(("scale", "far"), [(1.0, 300.0), (1000.0, 1.0), (0.001, 1.0)])
def test_far_starts_and_other_units_change_nothing_in_the_end(scale, far):
    toy = ntp.synthetic.toy_2d()
    data = ntp.NTPData(scale * toy.embeddings, toy.context_probs, toy.next_token_probs)
    W0 = far * np.random.default_rng(0).normal(size=(5, 2))
    flow = ntp.gradient_flow(data, log_times=[-30.0, 0.0, 10.0, 1e5], W0=W0)
    assert flow.frame["one_minus_cosine"].iloc[-1] < 1e-6
    assert (np.diff(flow.frame["log_excess"]) <= 0).all()
    outside = data.probs.toarray() == 0
    expected = np.where(outside, -flow.references.svm.dual, 0.0)
    assert np.abs(flow.multipliers(-1) - expected).max() <= 1e-5 * expected.max()


@pytest.fixture(scope="module")
def inseparable():
    return ntp.NTPData([[1.0], [-2.0]], [0.5, 0.5], [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])


def test_without_a_margin_the_flow_runs_as_far_as_rounding_allows(inseparable):
    flow = ntp.gradient_flow(inseparable, log_times=[0.0, 10.0, 30.0])
    assert np.linalg.norm(ntp.gradient(flow.W(2), inseparable)) < 1e-10
    assert np.linalg.norm(ntp.gradient(flow.W(0), inseparable)) > 1e-3
    assert np.isnan(flow.frame["one_minus_cosine"]).all()
    assert flow.hand_over is None
    with pytest.raises(ntp.NotSeparableError, match=r"up to 30, not 31") as caught:
        ntp.gradient_flow(inseparable, log_times=[0.0, 31.0])
    assert caught.value.certificate is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"log_times": []}, "log_times is empty"),
        ({"log_times": 3.0}, "log_times is 3.0; a sequence"),
        ({"log_times": [0.0, np.nan]}, r"log_times\[1\] is nan"),
        ({"log_times": [0.0, 2.0, 2.0]}, r"entry 2, 2, does not"),
        ({"log_times": [0.0], "W0": np.zeros((2, 2))}, r"W0 has shape \(2, 2\)"),
        ({"log_times": [0.0], "tolerance": 0.5}, "tolerance is 0.5"),
    ],
)
def test_bad_requests_are_refused(options, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        ntp.gradient_flow(ntp.synthetic.toy_2d(), **options)


def test_supports_without_an_outside_are_refused():
    with pytest.raises(ntp.NTPDataError, match="out of support"):
        ntp.gradient_flow(ntp.NTPData([[1.0]], [1.0], [[0.5, 0.5]]), log_times=[0.0])


class Decay:
    """The Jacobian −I, by its action."""

    def factorised(self, c):
        """I − cJ = (1 + c) I."""
        return lambda right: right / (1 + c)


def test_the_integrator_forms_nothing_larger_than_the_state():
    """scipy keeps an n × n identity for a dense Jacobian, here of 3.2 GB."""
    start, found = np.linspace(1, 2, 20_000), []
    tracemalloc.start()
    try:
        solver = FlowBDF(lambda t, y: -y, 0.0, start, 3.0, linearise=lambda *_: Decay(), rtol=1e-6, atol=1e-9)
        walk(solver, [3.0], lambda t, y: found.append(y))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert np.abs(found[0] - np.exp(-3) * start).max() <= 1e-5
    assert peak < 100 * start.nbytes


def narrow():
    """Three contexts in the plane with a narrow margin, ν = 74.6; a coordinate of Δ is a thousandth of another."""
    rng, probs = np.random.default_rng(16), np.zeros((3, 5))
    for j in range(3):
        support = rng.choice(5, rng.integers(1, 5), replace=False)
        probs[j, support] = rng.dirichlet(np.ones(len(support)))
    return ntp.NTPData(rng.standard_normal((3, 2)), np.full(3, 1 / 3), probs)


@pytest.mark.parametrize("tolerance", [1e-10, 1e-12])
def test_small_tolerances_are_met_where_the_margin_is_narrow(tolerance):
    data = narrow()
    references = ntp.references(data)
    assert np.linalg.norm(references.W_mm) == pytest.approx(74.55, abs=0.01)
    log_times = [0.0, 10.0, 40.0, 1e3]
    coarse = ntp.gradient_flow(data, log_times=log_times, references=references, tolerance=1e-8)
    fine = ntp.gradient_flow(data, log_times=log_times, references=references, tolerance=tolerance)
    for name in ("norm", "one_minus_cosine", "log_excess"):
        # Local errors of 1e-8 over some two hundred steps.
        assert fine.frame[name].to_numpy() == pytest.approx(coarse.frame[name].to_numpy(), rel=1e-5)
    assert fine.hand_over.neglected <= tolerance
    # The last time is far past the hand-over: t π̂ o has become the multipliers.
    outside = data.probs.toarray() == 0
    expected = np.where(outside, -references.svm.dual, 0.0)
    assert np.abs(fine.multipliers(-1) - expected).max() <= 1e-3 * expected.max()


def test_starts_and_embeddings_out_of_range_are_refused_by_name():
    toy = ntp.synthetic.toy_2d()
    references = ntp.references(toy)
    for size in (1e101, 1e154, 1e300):
        with pytest.raises(ntp.NTPDataError, match=r"W0 has an entry of size .*at most 1e\+100"):
            ntp.gradient_flow(toy, log_times=[0.0, 10.0], W0=np.full((5, 2), size), references=references)
    for scale in (1e-300, 1e-41, 1e41, 1e300):
        data = ntp.NTPData(toy.embeddings * scale, toy.context_probs, toy.next_token_probs)
        with pytest.raises(ntp.NTPDataError, match=r"the longest has length .* between 1e-40 and 1e\+40"):
            ntp.gradient_flow(data, log_times=[0.0])
    nothing = ntp.NTPData(np.zeros((1, 2)), [1.0], [[0.5, 0.5, 0.0]])
    with pytest.raises(ntp.NTPDataError, match="all of them are zero"):
        ntp.gradient_flow(nothing, log_times=[0.0])


def test_far_logarithmic_times_are_computed_and_farther_ones_refused():
    frame = ntp.gradient_flow(ntp.synthetic.toy_2d(), log_times=[-1e6, 0.0, 1e9]).frame
    assert np.isfinite(frame.to_numpy(dtype=float)).all()
    with pytest.raises(ntp.NTPDataError, match=r"log_times\[1\] is 1e\+10; it must lie within"):
        ntp.gradient_flow(ntp.synthetic.toy_2d(), log_times=[0.0, 1e10])


def test_the_second_order_of_the_beginning(random_problem):
    """W(t) = W_0 − t g + ½t² ∇²CE(W_0) g + O(t³), up to where the integrator starts."""
    data = random_problem(0, m=3, d=4)
    W0 = np.random.default_rng(1).normal(size=(5, 4))
    t, g, h = 1e-4 / ntp.smoothness(data), ntp.gradient(W0, data), 1e-5
    flow = ntp.gradient_flow(data, log_times=[np.log(t)], W0=W0)
    second = t**2 / 2 * (ntp.gradient(W0 + h * g, data) - ntp.gradient(W0 - h * g, data)) / (2 * h)
    assert np.linalg.norm(flow.W(0) - (W0 - t * g + second)) <= 1e-3 * np.linalg.norm(second)
