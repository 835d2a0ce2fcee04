"""Independence modulo a prime against exact ranks over the rationals."""

from fractions import Fraction

import numpy as np
import pytest

from ntp_lib.subspaces.independence import PRIME, independent, residues


def rank_by_fractions(vectors):
    rows, rank = [[Fraction(float(x)) for x in row] for row in vectors], 0
    for column in range(len(rows[0])):
        pivot = next((i for i in range(rank, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for i in range(rank + 1, len(rows)):
            factor = rows[i][column] / rows[rank][column]
            rows[i] = [x - factor * y for x, y in zip(rows[i], rows[rank], strict=True)]
        rank += 1
    return rank


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("rank", [3, 4])
def test_independence_is_full_rank_over_the_rationals(seed, rank):
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-3, 4, (4, rank)) @ rng.integers(-3, 4, (rank, 6)) * 0.125
    vectors = vectors * 2.0 ** rng.integers(-900, 900, (4, 1))
    assert independent(vectors) is (rank_by_fractions(vectors) == 4)


@pytest.mark.parametrize("unit", [1.0, 2.0**-1022, 2.0**900])
def test_the_last_bit_of_one_entry_counts(unit):
    vectors = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]) * unit
    assert not independent(vectors)
    vectors[1, 2] = np.nextafter(vectors[1, 2], 0)
    assert independent(vectors)
    assert np.linalg.matrix_rank(vectors) == 1, "control: rounding does not see it"


@pytest.mark.parametrize(
    "vectors", [np.zeros((1, 3)), np.eye(3)[[0, 1, 1]], np.ones((3, 2)), [[5e-324, 0], [1, 0]]]
)
def test_dependent_vectors_are_not_called_independent(vectors):
    assert not independent(np.array(vectors))


def test_residues_are_those_of_whole_numbers():
    vectors = np.array([[0.75, -(2.0**40), 0.0, 3 * 2.0**300]])
    # The least exponent of the row belongs to 0.75 = 3 · 2^−2, whose mantissa of 53 bits is 3 · 2^51.
    unit = Fraction(1, 2**53)
    expected = [int(Fraction(float(x)) / unit) % PRIME for x in vectors[0]]
    assert residues(vectors)[0].tolist() == expected
