"""Families of supports: what each is by definition, and what is refused."""

import numpy as np
import pytest

from ntp_lib.errors import NTPDataError
from ntp_lib.features import families


def laminar(support):
    """Whether every two supports are nested or disjoint."""
    S = support.astype(int)
    common = S @ S.T
    smaller = np.minimum.outer(S.sum(axis=1), S.sum(axis=1))
    return bool(np.all((common == 0) | (common == smaller)))


@pytest.mark.parametrize("seed", range(20))
def test_random_hierarchies_are_laminar_and_proper(seed):
    support = families.random_laminar(3 + seed, seed)
    assert laminar(support)
    assert support.any(axis=1).all()
    assert not support.all(axis=1).any()


def test_the_test_of_nesting_sees_a_circle():
    assert not laminar(families.windows(5, 2))


def test_repeated_supports_occur():
    support = families.random_laminar(8, 0)
    assert len(np.unique(support, axis=0)) < len(support)


def test_windows_turn():
    support = families.windows(7, 3)
    assert support.shape == (7, 7)
    np.testing.assert_array_equal(support[0], [1, 1, 1, 0, 0, 0, 0])
    for j in range(7):
        np.testing.assert_array_equal(support[j], np.roll(support[0], j))


@pytest.mark.parametrize(("support", "diagonal", "together"), [
    (families.subsets(6, 3), 10, 4), (families.fano(), 3, 1), (families.subsets(5, 1), 1, 0)
])  # fmt: skip
def test_designs_are_balanced(support, diagonal, together):
    S = support.astype(int)
    V = S.shape[1]
    np.testing.assert_array_equal(S.T @ S, together + (diagonal - together) * np.eye(V, dtype=int))


def test_a_grid_has_independent_attributes():
    S = families.grid(3, 4).astype(int)
    assert S.sum(axis=1).tolist() == [4, 4, 4, 3, 3, 3, 3]
    np.testing.assert_array_equal(S[:3] @ S[3:].T, np.ones((3, 4)))


def test_chains_and_blocks():
    np.testing.assert_array_equal(families.chain(4).sum(axis=1), [1, 2, 3])
    tree = families.blocks(8, [(4, 2), (2, 2), (1, 1)])
    assert tree.shape == (4 + 8 + 8, 8)
    assert laminar(tree)
    np.testing.assert_array_equal(tree[0], tree[1])


def test_random_supports_have_one_size_and_zipf_prefers_the_first():
    plain = families.random_supports(400, 20, 4, seed=0)
    skewed = families.random_supports(400, 20, 4, seed=0, zipf=1.0)
    assert (plain.sum(axis=1) == 4).all()
    assert (skewed.sum(axis=1) == 4).all()
    assert skewed[:, 0].mean() > 2 * plain[:, 0].mean()
    rng = np.random.default_rng(3)
    first, second = families.random_supports(5, 6, 2, seed=rng), families.random_supports(5, 6, 2, seed=rng)
    assert not np.array_equal(first, second)


def test_probabilities_live_on_the_supports():
    support = families.grid(2, 3)
    data = families.with_probabilities(support)
    np.testing.assert_array_equal(data.support_mask, support)
    np.testing.assert_allclose(data.probs.toarray()[0, :3], 1 / 3)
    drawn = families.with_probabilities(support, concentration=2.0, seed=1)
    np.testing.assert_array_equal(drawn.support_mask, support)
    assert np.ptp(drawn.probs.toarray()[0, :3]) > 0.01


@pytest.mark.parametrize(("call", "message"), [
    (lambda: families.as_supports([], 3), "sets is empty"),
    (lambda: families.as_supports([[0], []], 3), "support 1 is empty"),
    (lambda: families.as_supports([[3]], 3), "a token of support 0 is 3"),
    (lambda: families.windows(5, 5), "size is 5"),
    (lambda: families.subsets(60, 10), "more than 100000 sets"),
    (lambda: families.blocks(8, [(3, 1)]), "size 3 does not divide"),
    (lambda: families.random_laminar(2), "num_tokens is 2"),
    (lambda: families.random_laminar(5, "one"), "seed is 'one'"),
    (lambda: families.random_supports(2, 4, 2, zipf=-1), "zipf is -1"),
    (lambda: families.with_probabilities(np.zeros((1, 3), bool)), "context 0 has an empty support"),
    (lambda: families.with_probabilities(families.fano(), concentration=0), "concentration is 0"),
])  # fmt: skip
def test_what_is_refused(call, message):
    with pytest.raises(NTPDataError, match=message):
        call()
