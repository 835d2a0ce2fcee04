"""Cover's count for the two most frequent tokens against its definition and against data."""

from math import comb

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.margins.few_tokens.descent import descend
from ntp_lib.margins.few_tokens.pair_count import PairCount, frequent_pair


@pytest.mark.parametrize(("both", "one", "dim"), [(0, 5, 3), (2, 7, 4), (3, 4, 3), (0, 1, 1), (1, 3, 9)])
def test_the_chance_counts_sign_vectors(both, one, dim):
    free = max(dim - both, 0)
    expected = sum(comb(one - 1, i) for i in range(free)) / 2 ** (one - 1)
    assert PairCount((0, 1), both, one).chance(dim) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("both", "one"), [(0, 1), (0, 2), (3, 9), (2, 10)])
def test_the_dimension_is_the_least_with_an_even_chance(both, one):
    pair = PairCount((0, 1), both, one)
    assert pair.chance(pair.dimension) >= 0.5
    assert pair.chance(pair.dimension - 1) < 0.5


def test_the_chance_is_the_share_of_separable_data():
    rng = np.random.default_rng(0)
    supports = np.vstack([np.ones((2, 2)), np.eye(2)[np.arange(6) % 2]])
    pair = PairCount((0, 1), 2, 6)
    holds = [descend(rng.standard_normal((8, 4)), supports > 0).direction is not None for _ in range(200)]
    chance = pair.chance(4)
    assert np.mean(holds) == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / 200))


def test_the_pair_asks_for_the_largest_dimension():
    for seed in range(5):
        data = ntp.synthetic.random(
            num_contexts=20, dim=3, vocab_size=5, support_size=2, num_sequences=500, seed=seed
        )
        mask = data.support_mask
        asked = [
            np.sum(mask[:, x] & mask[:, y]) + np.sum(mask[:, x] ^ mask[:, y]) / 2
            for x in range(5)
            for y in range(x)
            if np.any(mask[:, x] ^ mask[:, y])
        ]
        pair = frequent_pair(data)
        assert pair.both + pair.one / 2 == max(asked)


def test_tokens_that_always_occur_together_count_as_one():
    probs = np.array([[0.4, 0.6, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    data = ntp.NTPData(np.eye(3), np.full(3, 1 / 3), probs)
    assert frequent_pair(data) == PairCount((0, 2), 0, 3)


def test_full_supports_have_no_pair():
    assert frequent_pair(ntp.NTPData([[1.0]], [1.0], [[0.5, 0.5]])) is None
