"""Supports that miss one token: the formula over every set of tokens, and data on both sides."""

import itertools
import math

import numpy as np
import pytest

import ntp_lib as ntp


def over_every_set(probs):
    """min over |X| ≥ 2 of [1 − p(X)/(2(|X| − 1))]⁻¹, each set looked at."""
    sets = (x for size in range(2, len(probs) + 1) for x in itertools.combinations(range(len(probs)), size))
    return min(1 / (1 - sum(probs[z] for z in x) / (2 * (len(x) - 1))) for x in sets)


@pytest.mark.parametrize("seed", range(40))
def test_every_set_of_tokens(seed):
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(rng.integers(2, 9), rng.choice([0.2, 1.0, 5.0])))
    assert ntp.one_off_threshold(probs) == pytest.approx(over_every_set(probs), rel=1e-12)
    # The sets of the tokens missing most often, the control, give no less.
    order = np.sort(probs)[::-1]
    most = [1 / (1 - order[:k].sum() / (2 * (k - 1))) for k in range(2, len(probs) + 1)]
    assert ntp.one_off_threshold(probs) <= min(most) * (1 + 1e-12)


@pytest.mark.parametrize("V", [2, 3, 10, 1000])
def test_equal_chances_give_the_threshold_law(V):
    law = ntp.threshold(vocab_size=V, support_size=V - 1)
    assert ntp.one_off_threshold(np.full(V, 1 / V)) == pytest.approx(law, rel=1e-12)
    assert law == pytest.approx((V - 1) / (V - 1.5), rel=1e-12)


def test_the_two_rarest_omissions_are_the_bound_of_a_pair():
    probs = np.array([0.8, 0.1, 0.1])
    missed = np.repeat([0, 1, 2], [8, 1, 1])
    support = np.ones((10, 3), dtype=bool)
    support[np.arange(10), missed] = False
    assert ntp.one_off_threshold(probs) == pytest.approx(ntp.pair_bound(support).value, rel=1e-14) == 1 / 0.9


def test_tokens_never_missing_count_as_one():
    assert ntp.one_off_threshold([1, 0, 0]) == ntp.one_off_threshold([1, 0]) == 2.0
    assert ntp.one_off_threshold([0.5, 0.5, 0, 0, 0]) == ntp.one_off_threshold([0.5, 0, 0.5])
    assert over_every_set([0.5, 0.5, 0, 0]) == 1.0


def test_a_large_vocabulary_and_float32():
    probs = 1 / np.arange(1, 50_001)
    assert 1 < ntp.one_off_threshold((probs / probs.sum()).astype(np.float32)) < 1.001


def test_the_order_of_tokens_does_not_matter():
    assert ntp.one_off_threshold([0.1, 0.6, 0.3]) == ntp.one_off_threshold([0.6, 0.3, 0.1])


def separable_share(probs, m, d, trials=20):
    held = 0
    for trial in range(trials):
        rng = np.random.default_rng((7, trial))
        support = np.ones((m, len(probs)), dtype=bool)
        support[np.arange(m), rng.choice(len(probs), size=m, p=probs)] = False
        data = ntp.NTPData(
            rng.standard_normal((m, d)), np.full(m, 1 / m), support / support.sum(axis=1, keepdims=True)
        )
        held += bool(ntp.separability(data).holds)
    return held / trials


def test_data_on_both_sides():
    """Below and above 1.25, at thirty dimensions; two tokens, the control, allow two contexts for each."""
    probs = [0.6, 0.3, 0.1]
    assert separable_share(probs, 32, 30) >= 0.8
    assert separable_share(probs, 45, 30) <= 0.2
    assert separable_share([0.5, 0.5], 45, 30) >= 0.8


@pytest.mark.parametrize(
    ("probs", "message"),
    [
        ([1.0], "token_probs has 1 entry; at least two tokens are needed"),
        ([], "token_probs is empty"),
        (0.5, "token_probs is 0.5; a sequence"),
        ([0.5, 0.7, -0.2], r"token_probs\[2\] is -0.2; probabilities are not negative"),
        ([0.5, math.nan], r"token_probs\[1\] is nan; it must be a finite number"),
        ([0.5, math.inf], r"token_probs\[1\] is inf"),
        ([0.5, 0.6], "token_probs sum to 1.1; they must sum to 1"),
        ([0.0, 0.0], "token_probs sum to 0; they must sum to 1"),
        ([0.5, "0.5"], r"token_probs\[1\] is '0.5'"),
        ([True, False], r"token_probs\[0\] is True"),
        ([[0.5, 0.5]], r"token_probs\[0\] is"),
    ],
)
def test_bad_input_is_named(probs, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        ntp.one_off_threshold(probs)
