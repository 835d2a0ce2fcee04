"""What an excess forces, for logits of any origin; and two tokens whose contexts span all dimensions."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.models.consequences import forced_margins, most_shared
from ntp_lib.models.frozen import with_embeddings


def random_labels(seed, *, m=4, V=5):
    """Supports of one token to all of them; weights and probabilities of several orders of magnitude."""
    rng = np.random.default_rng(seed)
    probs = np.zeros((m, V))
    for row in probs:
        places = rng.choice(V, rng.integers(1, V + 1), replace=False)
        row[places] = rng.dirichlet(np.full(len(places), 0.5)) + 1e-4
    probs[0, 0] = 0.0
    probs[0, 1] += 1.0
    weights = rng.dirichlet(np.full(m, 0.5)) + 1e-3
    return ntp.NTPData(np.eye(m), weights / weights.sum(), probs / probs.sum(axis=1, keepdims=True))


def random_logits(data, rng):
    """Logits near the log-odds, with margins between a thousandth and thirty nats, and noise of any size."""
    support = data.support_mask
    near = np.where(support, np.log(np.where(support, data.probs.toarray(), 1.0)), -(10 ** rng.uniform(-3, 1.5)))
    return near + 10 ** rng.uniform(-6, 0.5) * rng.standard_normal(near.shape)


def softmax(logits):
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def margins(logits, support):
    """Minus log Σ_v exp(−margin over v) for each token of a support, at most its least margin; NaN without v."""
    off = np.logaddexp.reduce(np.where(support, -np.inf, logits), axis=1)[:, None]
    return np.where(support & np.isfinite(off), logits - off, np.nan)


@pytest.mark.parametrize("seed", range(20))
def test_an_excess_forces_mass_distance_and_margins(seed):
    data, rng = random_labels(seed), np.random.default_rng(100 + seed)
    support, probs = data.support_mask, data.probs.toarray()
    for _ in range(20):
        logits = random_logits(data, rng)
        excess = ntp.excess_loss(logits.T, data)
        share = excess / data.context_probs
        q = softmax(logits)
        # Sums of five exponentials: rounding is far below 1e-9.
        assert (np.where(support, 0, q).sum(axis=1) <= -np.expm1(-share) + 1e-9).all()
        assert (np.abs(q - probs).sum(axis=1) <= np.sqrt(2 * share) + 1e-9).all()
        spare = margins(logits, support) - forced_margins(data, excess)
        assert np.nanmin(spare) >= -1e-9


def test_no_larger_margin_is_forced():
    """The token shares its probability with one token off the support; all other contexts have no excess."""
    probs = np.array([[0.3, 0.7, 0.0], [0.0, 0.5, 0.5]])
    data = ntp.NTPData(np.eye(2), [0.4, 0.6], probs)
    for wanted in (-2.0, 0.0, 5.0):
        q = np.array([[0.3 / (1 + np.exp(-wanted)), 0.7, 0.3 / (1 + np.exp(wanted))], [1e-15, 0.5, 0.5]])
        excess = ntp.excess_loss(np.log(q).T, data)
        assert forced_margins(data, excess)[0, 0] == pytest.approx(wanted, abs=1e-9)


def test_the_border_of_a_positive_margin_is_the_joint_probability_times_log_two():
    data = random_labels(3)
    joint = (data.context_probs[:, None] * data.probs.toarray())[data.support_mask]
    assert forced_margins(data, 0.0)[data.support_mask].min() == np.inf
    for factor, positive in ((0.999, True), (1.001, False)):
        forced = forced_margins(data, factor * np.log(2) * joint.min())[data.support_mask]
        assert bool(forced.min() > 0) is positive
    # Far beyond the range of exp, it is −x.
    assert np.nanmin(forced_margins(data, 1e3)) == pytest.approx(-1e3 / joint.min())
    assert np.isnan(forced_margins(data, 1.0)[~data.support_mask]).all()


def test_an_excess_is_a_number_of_at_least_zero():
    data = random_labels(0)
    for wrong in (-1e-9, np.nan, "small"):
        with pytest.raises(ntp.NTPDataError, match="excess"):
            forced_margins(data, wrong)


def two_that_meet(number, dim, *, seed=0):
    """Tokens 0 and 1 in `number` supports together, 0 and 2 each in one alone; Gaussian embeddings."""
    rng = np.random.default_rng(seed)
    probs = np.zeros((number + 2, 3))
    probs[:number, 0] = rng.uniform(0.2, 0.8, number)
    probs[:number, 1] = 1 - probs[:number, 0]
    probs[number, 0] = probs[number + 1, 2] = 1.0
    m = number + 2
    return ntp.NTPData(rng.standard_normal((m, dim)), np.full(m, 1 / m), probs)


@pytest.mark.parametrize("dim", [3, 6])
def test_two_tokens_that_span_the_space_exclude_margin_and_log_odds(dim):
    data = two_that_meet(dim + 1, dim)
    shared = most_shared(data)
    assert shared.tokens == (0, 1)
    assert np.linalg.matrix_rank(data.embeddings[shared.contexts]) == dim
    assert ntp.separability(data).holds is False
    assert ntp.compatibility(data).holds is False
    # Exactly d of them: log-odds can be met, a margin cannot.
    data = two_that_meet(dim, dim)
    assert ntp.separability(data).holds is False
    assert ntp.compatibility(data).holds is True
    # In a hyperplane they leave room for both.
    data = two_that_meet(dim + 1, dim + 3)
    assert ntp.separability(data).holds is True
    assert ntp.compatibility(data).holds is True


def test_tokens_that_always_meet_exclude_nothing():
    probs = np.array([[0.5, 0.5, 0.0], [0.4, 0.6, 0.0], [0.3, 0.7, 0.0], [0.2, 0.3, 0.5], [0.0, 0.0, 1.0]])
    data = ntp.NTPData(np.eye(5), np.full(5, 0.2), probs)
    shared = most_shared(data)
    assert shared.tokens == (0, 2)
    np.testing.assert_array_equal(shared.contexts, [3])
    # The contexts of the first two tokens span the plane, and there is a margin all the same.
    plane = with_embeddings(data, [[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    assert ntp.separability(plane).holds is True


def test_two_tokens_are_enough_and_full_supports_are_refused():
    data = ntp.NTPData(np.eye(2), [0.5, 0.5], [[0.5, 0.5], [1.0, 0.0]])
    assert most_shared(data).tokens == (0, 1)
    full = ntp.NTPData(np.eye(2), [0.5, 0.5], [[0.5, 0.5], [0.2, 0.8]])
    with pytest.raises(ntp.NTPDataError, match="every support is the whole vocabulary"):
        most_shared(full)
