"""Cover's count of orders: the recursion in whole numbers, Stirling numbers, and orders counted one by one."""

from fractions import Fraction
from functools import cache
from itertools import permutations
from math import factorial

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.thresholds.orders import cycle_probabilities, ordering_dimension, ordering_probability


@cache
def induced(n, d):
    """Q(n, d) in whole numbers."""
    if d == 0 or n == 1:
        return int(n == 1)
    return induced(n - 1, d) + (n - 1) * induced(n - 1, d - 1)


@pytest.mark.parametrize("tokens", range(1, 16))
def test_the_recursion_in_whole_numbers(tokens):
    for dim in range(1, tokens + 2):
        exact = Fraction(induced(tokens, dim), factorial(tokens))
        assert ordering_probability(tokens=tokens, dim=dim) == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize("tokens", [2, 3, 7, 12, 40, 300])
def test_stirling_numbers_give_the_same(tokens):
    """Two sums of positive terms: their rounding is below 2V ulp."""
    cycles = cycle_probabilities(tokens)
    assert cycles.sum() == pytest.approx(1, rel=1e-12)
    for dim in {1, tokens // 2, tokens - 3, tokens - 1} - {0, -1, -2}:
        by_cycles = 2 * cycles[tokens - dim + 1 :: 2].sum()
        assert ordering_probability(tokens=tokens, dim=dim) == pytest.approx(by_cycles, rel=1e-11)


def test_cycles_of_four_things_counted():
    counts = np.zeros(5)
    for order in permutations(range(4)):
        seen, cycles = set(), 0
        for start in range(4):
            cycles += start not in seen
            while start not in seen:
                seen.add(start)
                start = order[start]
        counts[cycles] += 1
    assert cycle_probabilities(4) == pytest.approx(counts / 24, rel=1e-15)


def test_orders_of_five_points_in_the_plane_counted():
    """Between two angles at which ⟨w, x_i − x_j⟩ = 0 the order is one; there are 5·4 of them."""
    X = np.random.default_rng(0).standard_normal((5, 2))
    i, j = np.triu_indices(5, 1)
    angles = np.arctan2(*(X[i] - X[j]).T) + np.pi / 2  # of normals, up to sign and orientation
    normals = np.sort(np.concatenate([angles, angles + np.pi]) % (2 * np.pi))
    middles = (normals + np.roll(normals, -1)) / 2
    middles[-1] += np.pi
    w = np.column_stack([np.sin(middles), np.cos(middles)])
    orders = {tuple(row) for row in np.argsort(w @ X.T, axis=1)}
    assert len(orders) / factorial(5) == pytest.approx(ordering_probability(tokens=5, dim=2), rel=1e-15)


def test_half_of_all_orders_near_the_mean_number_of_cycles():
    assert ordering_dimension(tokens=3) == pytest.approx(3 - 11 / 6)
    for tokens in (50, 500, 2000):
        centre, spread = ordering_dimension(tokens=tokens), np.sqrt(np.log(tokens))
        assert ordering_probability(tokens=tokens, dim=int(centre - 2 * spread)) < 0.15
        assert ordering_probability(tokens=tokens, dim=int(centre + 2 * spread)) > 0.85


def test_more_dimensions_than_points_and_refusals():
    assert ordering_probability(tokens=9, dim=8) == ordering_probability(tokens=9, dim=100) == 1.0
    assert ordering_probability(tokens=9, dim=7) < 1
    for wrong in ({"tokens": 0, "dim": 1}, {"tokens": 3, "dim": 0}, {"tokens": 20_001, "dim": 2}):
        with pytest.raises(ntp.NTPDataError, match="it must be a whole number of at least 1"):
            ordering_probability(**wrong)
    for function in (ordering_dimension, lambda tokens: cycle_probabilities(tokens)):
        with pytest.raises(ntp.NTPDataError, match="tokens is 0"):
            function(tokens=0)
