"""Bounds for several comparisons at once: exact small cases, and how often a true statement fails."""

import math

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.thresholds.comparisons import LEVEL, smallest_tail, standard_errors


@pytest.mark.parametrize("n", [1, 5, 40])
def test_the_union_bound(n):
    one_side = math.erfc(standard_errors(n) / math.sqrt(2))
    assert n * one_side == pytest.approx(LEVEL, rel=1e-9)


def test_tails_by_hand():
    # Three of three fair coins: 1/8; to either side 1/4; beside a cell that is as expected, twice as much.
    assert smallest_tail([3], [3], [0.5], bound=True) == pytest.approx(1 / 8)
    assert smallest_tail([3], [3], [0.5]) == pytest.approx(1 / 4)
    assert smallest_tail([3, 2], [3, 4], [0.5, 0.5], bound=True) == pytest.approx(1 / 4)
    assert smallest_tail([0], [3], [0.5], bound=True) == 1.0
    assert smallest_tail([0], [3], [0.5]) == pytest.approx(1 / 4)
    # What is impossible, and what is certain.
    assert smallest_tail([1], [3], [0.0], bound=True) == 0.0
    assert smallest_tail([3], [3], [1.0]) == 1.0


@pytest.mark.parametrize("bound", [True, False])
def test_a_true_chance_is_seldom_refused_and_a_wrong_one_is(bound):
    rng = np.random.default_rng(0)
    trials, chance = np.full(6, 30), np.linspace(0.1, 0.9, 6)
    found = np.array(
        [smallest_tail(rng.binomial(trials, chance), trials, chance, bound=bound) for _ in range(2000)]
    )
    # At most five per cent by the union bound; three standard errors of 0.5 % on top.
    assert (found < 0.05).mean() <= 0.065
    assert smallest_tail(rng.binomial(trials, chance + 0.1), trials, chance - 0.09, bound=bound) < LEVEL


def test_no_comparison_is_an_error():
    with pytest.raises(ntp.NTPDataError, match="comparisons is 0"):
        standard_errors(0)
