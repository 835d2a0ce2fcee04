"""Token blocks against one dense system of all unknowns and levels."""

import numpy as np
import pytest
import scipy.linalg

from ntp_lib.numerics.token_blocks import TokenBlocks
from ntp_lib.numerics.token_pairs import TokenPairs


def random_pairs(m, V, share, seed):
    """Random pairs; token 0 is empty, token 1 has every context, and context 0 has that pair alone."""
    rng = np.random.default_rng(seed)
    mask = rng.random((m, V)) < share
    mask[:, 0] = False
    mask[:, 1] = True
    mask[0, 2:] = False
    return TokenPairs.of(mask), mask


def dense_system(pairs, gram, delta):
    """[[K, −E], [Eᵀ, 0]] with K = G ∘ (same token) + diag δ."""
    same = pairs.tokens[:, None] == pairs.tokens
    K = np.where(same, gram[pairs.contexts[:, None], pairs.contexts], 0.0) + np.diag(delta)
    E = (pairs.contexts[:, None] == np.arange(pairs.num_contexts)).astype(float)
    return np.block([[K, -E], [E.T, np.zeros((pairs.num_contexts,) * 2)]])


def relative(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


@pytest.mark.parametrize(
    ("m", "r", "delta"),
    [(7, 9, 0.0), (7, 9, 0.3), (9, 4, 0.3), (9, 4, 1e-3)],
    ids=["no diagonal", "square", "tall", "tall and small"],
)
def test_unknowns_and_levels_are_those_of_the_dense_system(m, r, delta):
    for seed in range(3):
        pairs, _ = random_pairs(m, 6, 0.5, seed)
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(m, r))
        b, s = rng.normal(size=(len(pairs.contexts), 2)), rng.normal(size=(m, 2))
        blocks = TokenBlocks.factorised(pairs, X, delta)
        expected = scipy.linalg.solve(dense_system(pairs, X @ X.T, np.full(len(b), delta)), np.concatenate([b, s]))
        a, c = blocks.solve(b, s)
        assert relative(np.concatenate([a, c]), expected) <= 1e-10
        assert np.abs(pairs.row_sums(a) - s).max() <= 1e-12 * np.abs(a).max()
        one, level = blocks.solve(b[:, 1], s[:, 1])
        assert relative(np.concatenate([one, level]), expected[:, 1]) <= 1e-10
        # Without the levels the sums would be others.
        assert np.abs(pairs.row_sums(blocks.block_solve(b)) - s).max() > 1e-3


@pytest.mark.parametrize("r", [3, 12])
def test_diagonals_over_twelve_decades(r):
    """Residuals of every equation, relative to its own terms, are rounding; δ on a token goes from 1e-6 to 1e6."""
    for seed in range(3):
        pairs, _ = random_pairs(9, 5, 0.6, seed)
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(9, r))
        delta = 10 ** rng.uniform(-6, 6, len(pairs.contexts))
        b, s = rng.normal(size=len(delta)), rng.normal(size=9)
        blocks = TokenBlocks.factorised(pairs, X, delta)
        a, c = blocks.solve(b, s, refinements=2)
        matrix = dense_system(pairs, X @ X.T, delta)
        x = np.concatenate([a, c])
        terms = np.abs(matrix) @ np.abs(x) + np.abs(np.concatenate([b, s]))
        residual = np.abs(matrix @ x - np.concatenate([b, s]))
        assert (residual / terms).max() <= 1e-12
        assert blocks.applied(a, c) == pytest.approx(b, abs=1e-10 * np.abs(delta * a).max())


def test_an_infinite_diagonal_takes_a_pair_out():
    pairs, mask = random_pairs(8, 5, 0.6, 0)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8, 10))
    values = rng.normal(size=mask.shape)
    gone = np.zeros(mask.shape, dtype=bool)
    gone[3:6, 1] = True
    delta = np.where(gone, np.inf, 0.1)
    full = TokenBlocks.factorised(pairs, X, pairs.packed(delta))
    fewer = TokenPairs.of(mask & ~gone)
    a, c = full.solve(pairs.packed(values), 0.5)
    expected, level = TokenBlocks.factorised(fewer, X, 0.1).solve(fewer.packed(values), 0.5)
    assert np.abs((pairs.unpacked(a) - fewer.unpacked(expected)).toarray()).max() <= 1e-12
    assert c == pytest.approx(level, abs=1e-12)


def test_dependent_contexts_without_a_diagonal_are_none():
    X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    pairs = TokenPairs.of(np.ones((3, 2)))
    assert TokenBlocks.factorised(pairs, X, 0.0) is None
    assert TokenBlocks.factorised(pairs, np.zeros((3, 4)), 0.0) is None
    assert TokenBlocks.factorised(pairs, X, 1e-3) is not None
    apart = TokenPairs.of(np.array([[1, 0], [1, 0], [0, 1]]))
    a, _ = TokenBlocks.factorised(apart, X, 0.0).solve(np.zeros(3), np.array([1.0, 2.0, 3.0]))
    assert a == pytest.approx([1.0, 2.0, 3.0])


def test_contexts_without_pairs_and_scales_far_from_one():
    pairs = TokenPairs.of(np.array([[1, 1, 0], [0, 0, 0], [0, 1, 0]]))
    X = np.array([[1.0, 0.5], [3.0, 1.0], [0.2, 1.0]])
    b = np.array([1.0, -2.0, 0.5])
    a, c = TokenBlocks.factorised(pairs, X, 0.7).solve(b)
    assert c[1] == 0
    assert a[2] == pytest.approx(0, abs=1e-15)
    for scale in (1e-120, 1e120):
        scaled = TokenBlocks.factorised(pairs, X * scale, 0.7 * scale**2).solve(b * scale**2)[0]
        assert scaled == pytest.approx(a, rel=1e-12, abs=1e-15)


def test_inverted_blocks_solve_the_same_equations():
    pairs, _ = random_pairs(6, 4, 0.5, 1)
    rng = np.random.default_rng(1)
    blocks = TokenBlocks.factorised(pairs, rng.normal(size=(6, 3)), 0.2)
    b = rng.normal(size=(len(pairs.contexts), 2))
    sums = pairs.row_sums(rng.normal(size=b.shape))
    for found, expected in zip(blocks.inverted().solve(b, sums), blocks.solve(b, sums), strict=True):
        assert found == pytest.approx(expected, rel=1e-11, abs=1e-12)


def test_packing_is_undone_by_unpacking():
    pairs, mask = random_pairs(6, 4, 0.5, 2)
    array = np.random.default_rng(2).normal(size=mask.shape)
    values = pairs.packed(array)
    assert (pairs.unpacked(values).toarray() == np.where(mask, array, 0)).all()
    assert pairs.row_sums(values) == pytest.approx(np.where(mask, array, 0).sum(axis=1), abs=1e-15)
