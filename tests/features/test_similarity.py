"""Angles between rows: what they ignore, and what is refused."""

import itertools

import numpy as np
import pytest

from ntp_lib.errors import NTPDataError
from ntp_lib.features.similarity import (
    balanced_factors,
    cosine_similarities,
    similarity_correlation,
    without_mean_row,
)


@pytest.fixture
def rows():
    return np.random.default_rng(0).standard_normal((7, 4))


def turned(dimension, seed=1):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((dimension, dimension)))[0]


def test_cosines_pair_by_pair(rows):
    found = cosine_similarities(rows)
    for i, j in itertools.product(range(7), repeat=2):
        expected = rows[i] @ rows[j] / (np.sqrt(rows[i] @ rows[i]) * np.sqrt(rows[j] @ rows[j]))
        assert found[i, j] == pytest.approx(expected, abs=1e-14)
    assert np.array_equal(np.diag(found), np.ones(7))


def test_lengths_and_rotations_do_not_matter(rows):
    lengths = np.geomspace(1e-4, 1e4, 7)[:, None]
    np.testing.assert_allclose(
        cosine_similarities(lengths * rows @ turned(4)), cosine_similarities(rows), atol=1e-13
    )


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_extreme_scales(rows, scale):
    np.testing.assert_allclose(cosine_similarities(scale * rows), cosine_similarities(rows), atol=1e-14)


def test_a_row_of_rounding_has_no_angle(rows):
    rows[2] = 1e-14 * rows[3]
    found = cosine_similarities(rows)
    assert not found[2].any()
    assert not found[:, 2].any()
    assert found[3, 3] == 1
    assert not cosine_similarities(np.zeros((2, 3))).any()


def test_correlation_by_its_definition(rows):
    other = np.random.default_rng(3).standard_normal((7, 2))
    x = [cosine_similarities(rows)[i, j] for i, j in itertools.combinations(range(7), 2)]
    y = [cosine_similarities(other)[i, j] for i, j in itertools.combinations(range(7), 2)]
    x, y = np.array(x) - np.mean(x), np.array(y) - np.mean(y)
    assert similarity_correlation(rows, other) == pytest.approx(x @ y / np.sqrt((x @ x) * (y @ y)), abs=1e-13)
    assert similarity_correlation(other, rows) == similarity_correlation(rows, other)


def test_correlation_is_one_for_the_same_geometry_only(rows):
    assert similarity_correlation(rows, 3 * rows @ turned(4)) == pytest.approx(1, abs=1e-12)
    assert similarity_correlation(rows, rows[::-1]) < 0.9


def test_a_common_vector_changes_words_unless_it_is_removed(rows):
    moved = rows + 5 * np.ones(4)
    assert similarity_correlation(moved, rows) < 0.99
    assert similarity_correlation(without_mean_row(moved), without_mean_row(rows)) == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(without_mean_row(moved).sum(axis=0), 0, atol=1e-13)


def test_balanced_factors():
    L = np.random.default_rng(4).standard_normal((6, 3)) @ np.random.default_rng(5).standard_normal((3, 5))
    W, H = balanced_factors(L)
    assert W.shape == (5, 3)
    assert H.shape == (6, 3)
    np.testing.assert_allclose(H @ W.T, L, atol=1e-13)
    sizes = np.diag(np.linalg.svd(L, compute_uv=False)[:3])
    np.testing.assert_allclose(W.T @ W, sizes, atol=1e-13)
    np.testing.assert_allclose(H.T @ H, sizes, atol=1e-13)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: cosine_similarities([1.0, 2.0]), r"rows has shape \(2,\)"),
        (lambda: cosine_similarities(np.zeros((0, 3))), r"shape \(0, 3\)"),
        (lambda: cosine_similarities([[1.0, np.nan]]), r"entry nan at \(0, 1\)"),
        (lambda: similarity_correlation(np.eye(3), np.eye(4)), "3 rows and right 4"),
        (lambda: similarity_correlation(np.eye(2), np.eye(2)), "three at least"),
        (lambda: similarity_correlation(np.eye(4), [[1, 0], [1, 1], [0, 1], [2, 1]]), "all cosines of left are 0"),
        (lambda: balanced_factors(np.zeros((2, 3))), "all zero"),
    ],
)
def test_what_cannot_be_compared_is_refused(call, words):
    with pytest.raises(NTPDataError, match=words):
        call()
