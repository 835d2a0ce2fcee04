"""The law of the number of pinned tokens: orthant probabilities that are known, and its sum."""

import math

import numpy as np
import pytest
from scipy.stats import norm

import ntp_lib as ntp
from ntp_lib.thresholds.pinned import _hazard, log_inner, log_outer, pinned_tokens

SIZES = (1, 2, 5, 60)


@pytest.fixture(autouse=True)
def _computed_anew():
    pinned_tokens.cache_clear()


def orthant(correlation):
    """Chances that one, two, three Gaussians of equal correlation are all positive (Sheppard)."""
    angle = math.asin(correlation) / math.pi
    return [1.0, 1 / 2, 1 / 4 + angle / 2, 1 / 8 + 3 * angle / 4]


@pytest.mark.parametrize("size", SIZES)
def test_inner_is_an_orthant_probability(size):
    """The distances of k of t = |S| + k values from their mean have correlation −1/(t − 1)."""
    found = np.exp(log_inner(np.arange(4.0), size))
    expected = [1.0, *(orthant(-1 / (size + k - 1))[k] for k in (1, 2, 3))]
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("k", "size", "log"),
    # By the trapezoidal rule on the line of lem-pinned with forty digits (mpmath).
    [(30, 2, -53.9289687288626211), (300, 1, -979.733457694229453), (1000, 40, -2064.9232441712912)],
)
def test_inner_has_its_relative_accuracy_far_below_the_smallest_float(k, size, log):
    assert log_inner(np.array([float(k)]), size)[0] == pytest.approx(log, abs=1e-10)


@pytest.mark.parametrize("size", SIZES)
def test_outer_is_an_orthant_probability(size):
    """The differences of n − k values from the mean of t have correlation 1/(t + 1)."""
    for others in (1, 2, 3):
        k = np.arange(others + 1.0)
        expected = [orthant(1 / (size + i + 1))[others - i] for i in range(others + 1)]
        assert np.exp(log_outer(k, size, others)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("others", [9, 1000, 10**6])
def test_one_of_equals_is_the_largest_with_equal_chances(others):
    assert np.exp(log_outer(np.array([0.0]), 1, others))[0] == pytest.approx(1 / (others + 1), rel=1e-10)


@pytest.mark.parametrize("u", [-30.0, -3.0, 0.0, 0.5, 5.0])
def test_the_hazard_is_density_over_tail(u):
    assert _hazard(np.array([u]))[0] == pytest.approx(norm.pdf(u) / norm.sf(u), rel=1e-12)


def test_the_hazard_neither_overflows_nor_vanishes_far_out():
    assert _hazard(np.array([1e4]))[0] == pytest.approx(1e4, rel=1e-7)


@pytest.mark.parametrize(
    ("vocab_size", "support_size", "mean"),
    # Of one token in three, a is 0, 1 or 2 with chances 1/3, 1/2 and 1/6.
    [(3, 1, 5 / 6), (3, 2, 1 / 2), (5, 5, 0.0), (5, 4, 1 / 2)],
)
def test_means_in_closed_form(vocab_size, support_size, mean):
    law = pinned_tokens(vocab_size, support_size)
    assert law.mean == pytest.approx(mean, abs=1e-13)
    assert law.residual < 1e-13


@pytest.mark.parametrize(("vocab_size", "support_size"), [(4, 1), (12, 3), (200, 40), (300, 1)])
def test_the_probabilities_sum_to_one(vocab_size, support_size):
    assert pinned_tokens(vocab_size, support_size).residual < 1e-11


def test_the_mean_is_that_of_drawn_values():
    """In falling order, an off-support value is pinned if it exceeds the mean over S and those before it."""
    rng = np.random.default_rng(0)
    inside, outside = rng.standard_normal((20_000, 2)), -np.sort(-rng.standard_normal((20_000, 4)), axis=1)
    drawn = sum(
        outside[:, k] > np.column_stack([inside, outside[:, :k]]).mean(axis=1) for k in range(outside.shape[1])
    )
    assert abs(pinned_tokens(6, 2).mean - drawn.mean()) < 4 * drawn.std() / np.sqrt(len(drawn))


def test_sums_in_parts_are_the_sum(monkeypatch):
    whole = pinned_tokens(60, 3)
    monkeypatch.setattr("ntp_lib.thresholds.pinned.BLOCK", 4)
    pinned_tokens.cache_clear()
    assert pinned_tokens(60, 3).mean == pytest.approx(whole.mean, rel=1e-13)


def test_too_many_terms_are_refused_with_the_other_method(monkeypatch):
    monkeypatch.setattr("ntp_lib.thresholds.pinned.BLOCK", 4)
    monkeypatch.setattr("ntp_lib.thresholds.pinned.MOST_TERMS", 4)
    with pytest.raises(ntp.DidNotConvergeError, match=r"V = 60, \|S\| = 3 has more than 4 terms; .*'monte-carlo'"):
        pinned_tokens(60, 3)
