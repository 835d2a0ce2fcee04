"""One token at a time: what is drawn, its mean, what of it is seen off F, and the fast loop beside the plain."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp

import ntp_lib as ntp
from ntp_lib.loss.sampled import TokenSlope
from ntp_lib.loss.token_draws import TokenDraws
from ntp_lib.trajectories.initialisation import lecun
from ntp_lib.trajectories.optimisers import gradient_descent
from ntp_lib.trajectories.token_descent import BLOCK, TokenDescent

TOY = ntp.synthetic.toy_2d()
REFERENCES = ntp.references(TOY)


def train(**options):
    settings = {"steps": 50, "batch_size": 1, "sample_tokens": True, "W0": np.zeros((5, 2)), **options}
    return ntp.train(TOY, references=REFERENCES, **settings)


def share_above(draws, expected, errors=5):
    """Share of entries whose mean is more than so many standard errors of the sample from what is expected."""
    error = np.abs(draws.mean(axis=0) - expected)
    return (error > errors * draws.std(axis=0) / np.sqrt(len(draws)) + 1e-15).mean()


@pytest.mark.parametrize("batch_size", [1, 3])
def test_the_mean_of_many_tokens_is_the_gradient(batch_size, random_problem):
    data = random_problem(0)
    W, slope = lecun(data), TokenSlope(data, batch_size=batch_size, seed=0)
    draws = np.array([slope(W) for _ in range(4000)])
    assert share_above(draws, ntp.gradient(W, data)) == 0
    even = ntp.NTPData(data.embeddings, np.full(4, 0.25), data.next_token_probs)
    assert share_above(draws, ntp.gradient(W, even)) > 0.2, "control: the gradient for other weights"


def test_pairs_come_as_often_as_the_data_say(random_problem):
    data = random_problem(5, m=6, V=8)
    rows, tokens = TokenDraws(data, seed=1).take(200_000)
    counts = np.zeros((6, 8))
    np.add.at(counts, (rows, tokens), 1)
    expected = data.context_probs[:, None] * data.next_token_probs
    deviation = np.abs(counts / len(rows) - expected)
    assert (deviation <= 5 * np.sqrt(expected / len(rows))).all()
    assert not counts[expected == 0].any()
    assert counts[expected > 0].all()


def test_rare_tokens_and_rounded_rows_are_drawn_within_their_supports():
    third = np.full(3, 1 / 3)
    probs = np.array([[0.0, 1 - 1e-9, 0.0, 1e-9], [1.0, 0.0, 0.0, 0.0], [0.0, *third]])
    data = ntp.NTPData(np.eye(3), third, probs)
    draws = TokenDraws(data)
    for largest in (0.0, np.nextafter(1.0, 0.0)):
        draws._rng = type("Edge", (), {"random": lambda self, shape, u=largest: np.full(shape, u)})()
        rows, tokens = draws.take(2)
        assert (data.next_token_probs[rows, tokens] > 0).all()


def test_the_seed_decides_the_pairs_however_many_are_taken_at_a_time():
    whole, parts, other = TokenDraws(TOY, seed=3), TokenDraws(TOY, seed=3), TokenDraws(TOY, seed=4)
    expected = np.array(whole.take(50))
    assert np.array_equal(np.hstack([parts.take(n) for n in (1, 7, 42)]), expected)
    assert not np.array_equal(other.take(50), expected)


def test_a_sampled_token_is_invisible_off_the_subspace(random_problem):
    """P_⊥ (e_z − q_j) h̄_jᵀ = Σ_v s_jv M_jv for every z in S_j."""
    data = random_problem(2, m=4, d=6, V=6, sizes=(2, 4))
    F, W = ntp.subspace(data), 2 * np.random.default_rng(0).standard_normal((6, 6))
    unit = np.eye(6)
    for j, h in enumerate(data.embeddings):
        q = np.exp(W @ h - np.max(W @ h))
        q /= q.sum()
        inside = np.flatnonzero(data.support[j])
        outside = np.flatnonzero(~data.support[j])
        offsets = sum(q[v] * F.project_complement(np.outer(unit[inside[0]] - unit[v], h)) for v in outside)
        seen = [F.project_complement(np.outer(unit[z] - q, h)) for z in range(6)]
        # Four products of matrices of length at most ‖h‖, each exact to rounding.
        rounding = 20 * np.finfo(float).eps * np.linalg.norm(h) * 6
        for z in inside:
            assert np.abs(seen[z] - offsets).max() <= rounding
        for v in outside:
            assert np.abs(seen[v] - offsets).max() > 1e-3, "control: a token off the support is seen"


@pytest.mark.parametrize("scale", [0.0, 1.0, 500.0], ids=["zero", "moderate", "shifted logits"])
@pytest.mark.parametrize("step_decay", [0.0, 0.6])
def test_the_fast_loop_takes_the_steps_of_the_plain_one(scale, step_decay, random_problem):
    data = random_problem(1, m=5, d=3, V=6)
    W = start = scale * np.random.default_rng(0).standard_normal((6, 3))
    fast = TokenDescent(data, step_size=0.3, step_decay=step_decay, seed=8)
    plain = gradient_descent(TokenSlope(data, batch_size=1, seed=8), step_size=0.3, step_decay=step_decay)
    found = start
    for steps in (1, 6, BLOCK):
        found = fast(found, steps)
        for _ in range(steps):
            W = plain(W)
    # Differences of rounding are not amplified: a step shorter than 2/L of its context is nonexpansive.
    np.testing.assert_allclose(found, W, rtol=0, atol=1e-10 * max(1.0, scale))
    assert np.array_equal(start, scale * np.random.default_rng(0).standard_normal((6, 3))), "W0 stays as it was"


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda W: W.astype(np.float32), lambda W: W[::1, ::-1]])
def test_the_start_comes_in_any_layout_and_precision(layout, random_problem):
    """BLAS updates in place only what is stored as it expects."""
    data = random_problem(1, m=5, d=3, V=6)
    W0 = layout(np.random.default_rng(0).integers(-4, 5, size=(6, 3)) / 4.0)
    expected = TokenDescent(data, step_size=0.3, seed=8)(np.array(W0, dtype=float), 40)
    assert np.array_equal(TokenDescent(data, step_size=0.3, seed=8)(W0, 40), expected)
    assert np.abs(expected - W0).max() > 0.1


def test_probabilities_stay_sparse():
    """A dense table of these data would take 3 GB; one token needs a row of V numbers."""
    m = V = 20_000
    probs = sp.csr_array(
        (
            np.full(2 * m, 0.5),
            np.tile([0, 1], m) + np.repeat(np.arange(m) % (V - 1), 2),
            np.arange(0, 2 * m + 1, 2),
        ),
        (m, V),
    )
    data = ntp.NTPData(np.ones((m, 1)) + np.arange(m)[:, None] / m, np.full(m, 1 / m), probs)
    tracemalloc.start()
    try:
        TokenDescent(data, step_size=0.3)(np.zeros((V, 1)), 20)
        TokenSlope(data, batch_size=2)(np.zeros((V, 1)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # What is kept: distribution functions, draws of one block, a list of m embeddings, a few arrays of V numbers.
    assert peak < 1000 * (m + V)


def test_training_takes_the_fast_loop_and_the_plain_one():
    plain = gradient_descent(TokenSlope(TOY, batch_size=1, seed=5), step_size=0.5, step_decay=0.6)
    W = np.zeros((5, 2))
    for _ in range(300):
        W = plain(W)
    options = {"steps": 300, "seed": 5, "step_size": 0.5, "step_decay": 0.6}
    np.testing.assert_allclose(train(**options).W, W, atol=1e-12)
    assert np.abs(train(**options, batch_size=2).W - W).max() > 1e-2
    assert np.abs(train(**{**options, "sample_tokens": False}).W - W).max() > 1e-2


def test_one_hot_labels_are_all_the_same_token():
    """A residual however small is seen, as by the exact gradient of one context."""
    data = ntp.NTPData([[1.0]], [1.0], [[1.0, 0.0]])
    W = np.array([[50.0], [0.0]])
    moved = TokenDescent(data, step_size=1.0)(np.zeros((2, 1)), 3)
    exact = ntp.train(data, step_size=1.0, steps=3, W0=np.zeros((2, 1))).W
    np.testing.assert_allclose(moved, exact, rtol=1e-15)
    assert TokenSlope(data, batch_size=1)(W)[1, 0] == pytest.approx(np.exp(-50.0), rel=1e-13)


@pytest.mark.parametrize("method", ["gd", "ngd", "adam"])
def test_the_seed_decides_the_run(method):
    first, again, other = (train(method=method, seed=seed).W for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_run_does_not_depend_on_what_is_recorded():
    few, every = train(num_records=2, steps=250), train(num_records=None, steps=250)
    assert np.array_equal(few.W, every.W)


def test_decreasing_steps_lower_the_loss():
    frame = train(steps=20_000, step_size=1.0, step_decay=0.6).frame
    assert frame["excess_loss"].iloc[-1] < 0.1 * frame["excess_loss"].iloc[0]


def test_sampled_tokens_need_a_batch():
    with pytest.raises(ntp.NTPDataError, match=r"sample_tokens .*batch_size is None.*give the number of pairs"):
        train(batch_size=None)


@pytest.mark.parametrize("value", ["x", 1, None, 0.0])
def test_sampling_tokens_is_yes_or_no(value):
    with pytest.raises(ntp.NTPDataError, match=r"sample_tokens is .*; it must be True or False"):
        train(sample_tokens=value)


@pytest.mark.parametrize("value", [0, 1.5, 10**9])
def test_batches_of_tokens_have_a_size(value):
    with pytest.raises(ntp.NTPDataError, match=r"batch_size is .*whole number of at least 1 and at most"):
        train(batch_size=value)


def test_steps_far_too_long_end_by_name():
    with pytest.raises(ntp.DidNotConvergeError, match=r"gd left the range"):
        train(step_size=1e150)
