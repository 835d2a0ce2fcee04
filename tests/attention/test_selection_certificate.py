"""From the certificate on everything is proved; the trap; the two theorems' lines along runs."""

import itertools

import numpy as np
import pytest

from ntp_lib.attention.certificate import along_gain, certificate, gap_line
from ntp_lib.attention.heads import ValueHead
from ntp_lib.attention.stage_one import margin_values
from ntp_lib.attention.stage_two import StageTwo
from ntp_lib.attention.synthetic import random_language
from ntp_lib.attention.training import train_two_stage
from ntp_lib.attention.trap import in_trap, least_rivals, trap, trap_margins
from ntp_lib.errors import NTPDataError


def problem(seed=0, tokens=8, count=20, dim=None, levels=None):
    language = random_language(tokens, seed=seed, levels=levels)
    X = None if dim is None else np.random.default_rng(seed).standard_normal((tokens, dim)) / np.sqrt(dim)
    return language.selection(language.draw(count, longest=4, seed=seed), embeddings=X)


def after(run):
    """The recorded steps from the certificate on, and the path since then."""
    frame = run.frame[run.frame.step >= run.certified_step]
    return frame, (frame.path_length - frame.path_length.iloc[0]).to_numpy()


@pytest.mark.parametrize(
    ("options", "scale", "step", "steps"),
    [
        ({}, 0.5, 0.03, 3000),
        ({"seed": 1}, 3.0, 0.03, 3000),
        ({"seed": 2, "dim": 7}, 3.0, 0.005, 4000),
        ({"seed": 3, "dim": 12}, 2.0, 0.005, 4000),
    ],
)
def test_certified_runs_obey_their_bounds(options, scale, step, steps):
    data = problem(**options)
    # From zero for orthonormal tokens; else from near the direction, to be quick.
    noise = np.random.default_rng(0).standard_normal(data.direction.shape)
    W0 = 0 * noise if data.orthonormal else 13 * data.direction + noise
    run = train_two_stage(data, scale=scale, step_size=step, steps=steps, num_records=300, W0=W0)
    found = run.certificate
    assert found is not None
    assert found.holds
    assert step <= found.step_bound
    frame, path = after(run)
    assert path[-1] > 10
    assert (frame.pressure <= found.pressure_line(path) * (1 + 1e-12)).all()
    assert (frame.least_attention > 0.5).all()
    # 1.1 for the orthonormal ones of the theorem.
    assert (frame.excess_loss <= (1.1 if data.orthonormal and scale >= 1 else 1.3) * frame.pressure).all()
    assert (frame.along >= found.along_line(path) - 1e-9).all()
    assert (frame.gap <= found.gap_line(frame.along, step) + 1e-9).all()
    assert (frame.negative == 0).all()
    # The certificate of the matrix itself says the same.
    again = certificate(data, found.W, scale=scale)
    assert (again.S, again.S_0, again.ratio) == (found.S, found.S_0, found.ratio)
    assert not certificate(data, 0 * found.W, scale=scale).holds
    # Pushes lie within κ of one exponential, as the theorem on exponential pushes needs.
    stage = StageTwo(data, run.values)
    look = stage.look(found.W)
    ratio = (look.pushes * np.exp(look.log_scale + np.where(data.losers, look.margins, 0)))[data.losers]
    assert ratio.max() / ratio.min() <= found.ratio
    error = np.abs(ratio / stage.limits[data.losers] - 1)
    assert error.max() <= 1 / (8 * found.largest_difference * found.nu)


def test_step_bound_and_constants_of_the_orthonormal_case():
    data = problem()
    scale, V = 4.0, 8
    found = certificate(data, np.zeros((V, V)), scale=scale)
    M, nu = np.sqrt(2), np.linalg.norm(data.direction)
    beta = V / (np.exp(scale) + V - 1)
    np.testing.assert_allclose(found.S_0, data.probs.min() * beta / (28 * M * nu))
    assert found.step_bound * np.exp(found.step_bound * M) == pytest.approx(1 / (2 * M**2 * nu))
    assert found.num_terms == data.losers.sum()
    small = certificate(data, np.zeros((V, V)), scale=0.5)
    np.testing.assert_allclose(small.S_0, data.probs.min() * 0.5 * V / (np.exp(0.5) + V - 1) / (28 * M * nu))


def test_the_label_head_certifies_with_its_own_constants():
    data, step = problem(), 0.03
    run = train_two_stage(data, head="labels", step_size=step, steps=2000, num_records=200)
    found = run.certificate
    np.testing.assert_allclose(found.S_0, data.probs.min() / (8 * np.sqrt(2) * found.nu))
    # Between 7/8 and 9/8 of b_i e^{−s_i}, with b_i the sentences' weights.
    np.testing.assert_allclose(found.ratio, 9 / 7 * data.probs.max() / data.probs.min())
    frame, path = after(run)
    assert (frame.pressure <= found.pressure_line(path) * (1 + 1e-12)).all()
    assert (frame.gap <= found.gap_line(frame.along, step) + 1e-9).all()


def test_general_constants_hold_near_hard_retrieval():
    for seed in range(4):
        data = problem(seed=seed, dim=9)
        head = ValueHead(data, margin_values(data, 3.0))
        beta, constant = head.hard_factors(), head.curvature()
        rng = np.random.default_rng(seed)
        for _ in range(30):
            r = min(1 / 28, 1 / (2 * head.largest_lead)) * rng.random()
            rest = np.where(data.losers, rng.dirichlet(np.full(data.losers.shape[1], 0.3), len(beta)), 0.0) * r
            a = np.column_stack([1 - rest.sum(axis=1), rest])
            with np.errstate(divide="ignore"):
                pushes, scale = head.pushes(np.log(a))
            relevant = data.losers & (rest > 1e-30)
            ratio = (
                pushes[relevant] * np.exp(scale) / rest[relevant] * np.broadcast_to(a[:, :1], rest.shape)[relevant]
            )
            worst = np.broadcast_to(rest.sum(axis=1, keepdims=True), rest.shape)[relevant]
            assert (np.abs(ratio / beta[relevant] - 1) <= constant * worst + 1e-12).all()


def test_no_certificate_where_hard_retrieval_is_no_minimum():
    data = problem()
    # Values under which every token says the opposite of what follows it.
    assert certificate(data, 1e3 * data.direction, values=-margin_values(data)).S_0 == 0
    run = train_two_stage(data, values=-margin_values(data), steps=50)
    assert run.certificate is None
    assert run.certified_step is None
    with pytest.raises(NTPDataError, match="W has shape"):
        certificate(data, np.eye(3))


@pytest.mark.parametrize("step", [0.05, 1.0])
def test_two_levels_from_zero(step):
    data, scale, V = problem(tokens=8, count=20, levels=2), 3.0, 8
    margins = []

    def keep(W, look):
        margins.append(look.margins[data.losers])
        return {}

    run = train_two_stage(data, scale=scale, step_size=step, steps=400, num_records=None, measure=keep)
    assert (np.diff(margins, axis=0) > 0).all()
    frame, nu = run.frame.iloc[1:], np.linalg.norm(data.direction)
    longest = data.tokens.shape[1]
    kappa = data.probs.max() / data.probs.min() * 1.5 * longest * (np.exp(scale) + V - 1)
    # The theorem on exponential pushes from the first step on, whatever its length.
    for k_0 in (1, 50):
        start, later = frame.iloc[k_0 - 1], frame.iloc[k_0 - 1 :]
        path = later.path_length - start.path_length
        assert (later.along - start.along >= along_gain(path, nu=nu, largest_difference=np.sqrt(2)) - 1e-9).all()
        if start.along < step:
            continue
        line = gap_line(
            later.along,
            along_start=start.along,
            gap_start=start.gap,
            nu=nu,
            largest_difference=np.sqrt(2),
            log_terms=np.log(kappa * data.losers.sum()),
            longest_step=step,
        )
        assert (later.gap <= line + 1e-9).all()
    # Pushes within κ of one exponential at every step: looked at afresh.
    stage, W = StageTwo(data, run.values), np.zeros((V, V))
    for _ in range(40):
        look = stage.look(W)
        ratio = (look.pushes * np.exp(np.where(data.losers, look.margins, 0)))[data.losers]
        assert ratio.max() / ratio.min() <= kappa
        W = W + step * look.step


def test_gap_line_needs_a_start():
    with pytest.raises(NTPDataError, match="along_start"):
        gap_line([1.0], along_start=0.1, gap_start=0, nu=1, largest_difference=1, log_terms=1, longest_step=0.5)


STEP_LAWS = {
    "equal": np.full(800, 0.02),
    "falling": 1 / np.sqrt(1 + np.arange(800)),
    "at random": np.exp(np.random.default_rng(0).normal(-3, 2, 800)),
}


def positions(data, **options):
    seen = []

    def keep(W, look):
        seen.append(trap_margins(look.margins))
        return {}

    run = train_two_stage(data, num_records=None, measure=keep, **options)
    return run, seen


@pytest.mark.parametrize("scale", [3.0, 3.9])
@pytest.mark.parametrize("law", STEP_LAWS)
def test_no_step_leaves_the_trap(law, scale):
    r, V = 8, 21
    assert r >= least_rivals(scale, V)
    # Once well inside the proved range, once close to its edge.
    assert (r >= 2 * least_rivals(scale, V)) == (scale == 3.0)
    run, seen = positions(trap(r, V), scale=scale, steps=800, step_size=STEP_LAWS[law])
    assert all(in_trap(*place) for place in seen)
    assert all(after[0] < before[0] and after[1] > before[1] for before, after in itertools.pairwise(seen))
    first = np.array([place[0] for place in seen])
    assert (first <= -np.sqrt(2 / (r + 1)) * run.frame.path_length * (1 - 1e-9)).all()
    # One sentence of 17 keeps at least the loss of even attention.
    hard, even = np.log1p((V - 1) * np.exp(-scale)), np.log(2 + (V - 2) * np.exp(-scale / 2))
    assert (run.frame.excess_loss >= (even - hard) / 17 - 1e-12).all()
    assert (run.frame.least_attention <= 0.5).all()
    assert run.certificate is None
    assert run.frame.one_minus_cosine.iloc[-1] > 0.5


def test_what_escapes_the_trap():
    # The label head is convex; and with two rivals the values' head learns all.
    labels, seen = positions(trap(8, 21), head="labels", steps=2500, step_size=0.05)
    assert not all(in_trap(*place) for place in seen)
    assert labels.frame.least_attention.iloc[-1] > 0.9
    few, _ = positions(trap(2, 7), scale=3.0, steps=3000, step_size=0.02)
    assert few.frame.least_attention.iloc[-1] > 0.9


def test_region_of_the_trap():
    assert in_trap(0.0, 0.0)
    assert in_trap(-2.0, 1.0)
    assert not in_trap(0.1, 1.0)
    assert not in_trap(-1.0, 1.1)
    assert not in_trap(-1.0, -0.1)
    margins = np.ones((17, 1))
    margins[3] = 2
    with pytest.raises(NTPDataError, match="rivals"):
        trap_margins(margins)
