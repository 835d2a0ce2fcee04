"""The loss of choice data: definition, special cases, digits where it is tiny, slopes, smoothness."""

import numpy as np
import pytest
from choice_problems import as_next_tokens, random_choice

import ntp_lib as ntp
from ntp_lib.choice import loss
from ntp_lib.choice.data import ChoiceData
from ntp_lib.choice.slope import ChoiceSlope, features


def by_definition(W, data):
    """Context by context, from the words of def-choice-data."""
    counts, labels = data.candidates.toarray(), data.label_probs.toarray()
    total = 0.0
    for j in range(data.num_contexts):
        masses = counts[j] * np.exp(data.keys @ W @ data.queries[j])
        won = labels[j] > 0
        total -= data.context_probs[j] * labels[j, won] @ np.log(masses[won] / masses.sum())
    return total


@pytest.mark.parametrize("seed", range(5))
def test_the_loss_is_what_its_definition_says(seed):
    data = random_choice(seed)
    W = np.random.default_rng(seed + 50).standard_normal(data.shape)
    assert loss.cross_entropy(W, data) == pytest.approx(by_definition(W, data), rel=1e-13)
    logs = data.log_probabilities(W)
    direct = -(data.context_probs[data.rows] * data.probs) @ logs
    assert direct == pytest.approx(by_definition(W, data), rel=1e-13)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("labels", [1, 3])
@pytest.mark.parametrize("few", [True, False])
def test_the_gradient_against_differences(seed, labels, few, monkeypatch):
    if few:
        monkeypatch.setattr("ntp_lib.choice.slope.MOST_FEATURE_ENTRIES", 0)
    data = random_choice(seed, labels=labels)
    W = np.random.default_rng(seed).standard_normal(data.shape)
    found, step = loss.gradient(W, data), 1e-6
    for place in np.ndindex(W.shape):
        change = np.zeros(W.shape)
        change[place] = step
        difference = (loss.cross_entropy(W + change, data) - loss.cross_entropy(W - change, data)) / (2 * step)
        # Differences of values of order one: rounding 1e-16/1e-6, third derivatives 1e-12.
        assert found[place] == pytest.approx(difference, abs=2e-9)


@pytest.mark.parametrize("seed", range(3))
def test_next_token_data_are_the_case_of_one_vocabulary(seed):
    data, choice = as_next_tokens(seed)
    W = np.random.default_rng(seed).standard_normal(choice.shape)
    assert loss.cross_entropy(W, choice) == pytest.approx(ntp.cross_entropy(W, data), rel=1e-14)
    assert loss.excess_parts(W, choice) == pytest.approx(ntp.excess_parts(W, data), rel=1e-12)
    assert loss.gradient(W, choice) == pytest.approx(ntp.gradient(W, data), abs=1e-15)
    assert loss.margins(W[None], choice)[0] == pytest.approx(ntp.margin(W, data), rel=1e-13)


def test_with_two_candidates_the_loss_is_that_of_the_pairs():
    data = random_choice(3, candidates=2, labels=1, counts=False)
    pairs = data.pairs()
    W = np.random.default_rng(0).standard_normal(data.shape)
    halves = np.array([W.ravel(), -W.ravel()]) / 2
    assert loss.cross_entropy(W, data) == pytest.approx(ntp.cross_entropy(halves, pairs), rel=1e-14)
    assert loss.margins(W[None], data)[0] == pytest.approx(ntp.margin(halves, pairs), rel=1e-13)


def one_context(counts, probs, logits):
    """A context whose logits are those given, at W = 1."""
    keys = np.asarray(logits, dtype=float)[:, None]
    return ChoiceData(keys, [[1.0]], [counts], [probs], [1.0]), np.ones((1, 1))


def test_a_tiny_excess_has_all_its_digits():
    data, W = one_context([1, 3, 1], [1, 0, 0], [50.0, -40.0, -60.0])
    expected = 3 * np.exp(-90.0) + np.exp(-110.0)
    assert loss.excess_loss(W, data) == pytest.approx(expected, rel=1e-12)
    slope = loss.gradient(W, data)[0, 0]
    assert slope == pytest.approx(-3 * np.exp(-90.0) * 90 - np.exp(-110.0) * 110, rel=1e-12)
    assert loss.cross_entropy(W, data) - data.entropy == pytest.approx(expected, abs=1e-16)


def test_soft_labels_met_to_rounding_leave_no_excess_and_a_miss_is_squared():
    shares = np.array([0.25, 0.75])
    data, W = one_context([2, 3], shares, np.log(shares / [2, 3]) + 7)
    assert loss.excess_loss(W, data) <= 1e-30
    miss = 1e-9
    data, W = one_context([2, 3], shares, np.log(shares / [2, 3]) + np.array([miss, 0]))
    # KL of a shift e of one logit: ½ p(1 − p) e², to a relative e; the logits themselves hold 1e-16/1e-9 of it.
    assert loss.excess_loss(W, data) == pytest.approx(0.5 * 0.25 * 0.75 * miss**2, rel=1e-6)


def test_extended_products_agree_with_plain_ones_where_both_serve(monkeypatch):
    data = random_choice(1, labels=3)
    W = np.random.default_rng(1).standard_normal(data.shape)
    plain = loss.excess_parts(W, data)
    monkeypatch.setattr("ntp_lib.choice.loss.ROUNDING_SHARE", 0.0)
    assert loss.excess_parts(W, data) == pytest.approx(plain, rel=1e-13)


@pytest.mark.parametrize("few", [True, False])
def test_huge_logits_neither_overflow_nor_lose_the_gradient(few, monkeypatch):
    if few:
        monkeypatch.setattr("ntp_lib.choice.slope.MOST_FEATURE_ENTRIES", 0)
    data, W = one_context([1, 1, 2], [0, 1, 0], [800.0, 100.0, 100.0])
    assert loss.cross_entropy(W, data) == pytest.approx(700.0)
    assert ChoiceSlope(data)(W)[0, 0] == pytest.approx(700.0)


def test_margins_leave_multiplicities_out_and_full_supports_have_none():
    data, W = one_context([5, 1, 2], [0.5, 0.5, 0], [3.0, 2.0, 1.5])
    assert loss.margins(np.array([W, 2 * W]), data) == pytest.approx([0.5, 1.0])
    data, W = one_context([1, 1], [0.5, 0.5], [1.0, 0.0])
    assert loss.margins(W[None], data)[0] == np.inf


@pytest.mark.parametrize("seed", range(5))
def test_smoothness_bounds_every_curvature_and_two_even_candidates_attain_it(seed):
    data = random_choice(seed)
    X, L = features(data), loss.smoothness(data)
    rng = np.random.default_rng(seed)
    for scale in (0.0, 0.5, 3.0):
        q = np.exp(data.log_probabilities(scale * rng.standard_normal(data.shape)))
        mean = np.zeros((data.num_contexts, X.shape[1]))
        np.add.at(mean, data.rows, q[:, None] * X)
        centred = X - mean[data.rows]
        hessian = (centred * (q * data.context_probs[data.rows])[:, None]).T @ centred
        assert np.linalg.eigvalsh(hessian).max() <= L * (1 + 1e-12)
    even, _ = one_context([1, 1], [1, 0], [1.0, -1.0])
    assert loss.smoothness(even) == pytest.approx(1.0)  # ¼·2²: the variance at W = 0


def test_a_softmax_of_its_own_leaves_no_excess_and_no_slope():
    data, W = random_choice(2), np.ones((3, 2))
    labels = np.zeros(data.candidates.shape)
    labels[data.rows, data.tokens] = np.exp(data.log_probabilities(W))
    met = ChoiceData(data.keys, data.queries, data.candidates, labels, data.context_probs)
    assert loss.excess_loss(W, met) <= 1e-28
    assert np.abs(loss.gradient(W, met)).max() <= 1e-15


def test_refusals():
    data = random_choice(2)
    with pytest.raises(ntp.NTPDataError, match="leave the range"):
        loss.excess_loss(np.full(data.shape, 1e300), data)
    with pytest.raises(ntp.NTPDataError, match="W has shape"):
        loss.gradient(np.ones((1, 1)), data)
