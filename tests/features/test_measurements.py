"""What is measured of a decoder and embeddings, pair by pair, and what it is compared with."""

import itertools

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.features.measurements import (
    centred,
    feature_references,
    feature_references_of,
    measure_features,
    unit_rows,
    within_support,
)

# Contexts 0 and 1 have one support, tokens 2 and 3 occur in the same ones, context 3 excludes nothing.
PROBS = np.array(
    [
        [0.75, 0.25, 0.0, 0.0, 0.0],
        [0.4, 0.6, 0.0, 0.0, 0.0],
        [0.0, 0.5, 0.2, 0.3, 0.0],
        [0.3, 0.2, 0.1, 0.2, 0.2],
    ]
)
COLUMNS = ["excess_loss", "norm", "margin", "finite_error", "cosine", "cosine_corrected", "context_collapse",
           "direction_collapse", "token_collapse", "imbalance"]  # fmt: skip


@pytest.fixture(scope="module")
def problem():
    data = ntp.NTPData(np.arange(4.0)[:, None], [0.1, 0.2, 0.3, 0.4], PROBS)
    return data, feature_references(data)


@pytest.fixture
def factors():
    return np.random.default_rng(0).standard_normal((5, 3)), np.random.default_rng(1).standard_normal((4, 3))


def angle_cosine(left, right):
    return np.sum(left * right) / np.sqrt(np.sum(left**2) * np.sum(right**2))


def relative(x, y):
    return 2 * np.linalg.norm(x - y) / (np.linalg.norm(x) + np.linalg.norm(y))


def test_columns_and_their_order(problem, factors):
    found = measure_features(*factors, problem[1])
    assert list(found) == COLUMNS
    assert all(type(value) is float for value in found.values())


def test_loss_and_norm_by_their_definitions(problem, factors):
    W, H = factors
    found = measure_features(W, H, problem[1])
    logits = H @ W.T
    log_q = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    excess = sum(
        weight * p * (np.log(p) - log_q[j, z])
        for j, weight in enumerate([0.1, 0.2, 0.3, 0.4])
        for z, p in enumerate(PROBS[j])
        if p
    )
    assert found["excess_loss"] == pytest.approx(excess, rel=1e-12)
    shifted = logits @ (np.eye(5) - 1 / 5)
    assert found["norm"] == pytest.approx(np.linalg.svd(shifted)[1].sum(), rel=1e-12)
    assert found["imbalance"] == pytest.approx(np.sqrt(np.sum((W.T @ W - H.T @ H) ** 2)), rel=1e-12)


def test_margin_and_finite_part_pair_by_pair(problem, factors):
    W, H = factors
    found, support = measure_features(W, H, problem[1]), PROBS > 0
    pairs = [
        H[j] @ (W[z] - W[v])
        for j in range(4)
        for z in range(5)
        for v in range(5)
        if support[j, z] and not support[j, v]
    ]
    assert found["margin"] == pytest.approx(min(pairs), rel=1e-12)
    error = 0.0
    for j, inside in enumerate(support):
        given, wanted = H[j] @ W[inside].T, np.log(PROBS[j, inside])
        error += np.sum((given - given.mean() - wanted + wanted.mean()) ** 2)
    assert found["finite_error"] == pytest.approx(np.sqrt(error), rel=1e-12)


def test_cosines_with_the_margin_direction(problem, factors):
    W, H = factors
    data, references = problem
    found, logits = measure_features(W, H, references), H @ W.T
    assert found["cosine"] == pytest.approx(angle_cosine(centred(logits), references.margin.logits), rel=1e-12)
    tied = logits.copy()
    for j, inside in enumerate(data.support):
        tied[j, inside] = logits[j, inside].mean()
    expected = angle_cosine(tied - tied.mean(axis=1, keepdims=True), references.margin.logits)
    assert found["cosine_corrected"] == pytest.approx(expected, rel=1e-12)


def test_collapse_compares_rows_of_one_kind(problem, factors):
    W, H = factors
    found = measure_features(W, H, problem[1])
    assert found["context_collapse"] == pytest.approx(relative(H[0], H[1]), rel=1e-12)
    directions = H[:2] / np.sqrt((H[:2] ** 2).sum(axis=1, keepdims=True))
    assert found["direction_collapse"] == pytest.approx(relative(*directions), rel=1e-12)
    assert found["token_collapse"] == pytest.approx(relative(W[2], W[3]), rel=1e-12)


def test_the_parts_that_references_hold(problem):
    data, references = problem
    for j, inside in enumerate(PROBS > 0):
        expected = np.log(PROBS[j, inside])
        np.testing.assert_allclose(references.finite[j, inside], expected - expected.mean(), atol=1e-14)
        assert (references.finite[j, ~inside] == 0).all()
    np.testing.assert_array_equal(references.support, PROBS > 0)
    np.testing.assert_array_equal(references.data.embeddings, np.eye(4))
    np.testing.assert_array_equal(references.data.context_probs, data.context_probs)
    np.testing.assert_array_equal(references.data.next_token_probs, data.next_token_probs)
    assert references.margin.gap <= 1e-6


def test_the_tolerance_of_references_is_that_of_the_programme(problem):
    assert feature_references(problem[0], tolerance=1e-3).margin.tolerance == 1e-3
    assert problem[1].margin.tolerance == 1e-6


def test_references_are_taken_or_made(problem):
    data, references = problem
    assert feature_references_of(data, references) is references
    np.testing.assert_array_equal(feature_references_of(data, None).finite, references.finite)
    other_embeddings = ntp.NTPData(np.eye(4), data.context_probs, PROBS)
    assert feature_references_of(other_embeddings, references) is references


def test_references_of_another_kind_or_problem_are_refused(problem):
    data, references = problem
    message = "^references is str; it must be what feature_references returns, or None"
    with pytest.raises(ntp.NTPDataError, match=message):
        feature_references_of(data, "L*")
    with pytest.raises(ntp.NTPDataError, match="references"):
        feature_references_of(ntp.synthetic.toy_2d(), references)


def test_parts_of_rows_by_hand():
    support = np.array([[True, True, False], [True, False, True]])
    logits = np.array([[1.0, 3.0, 8.0], [5.0, 0.0, 1.0]])
    assert within_support(logits, support).tolist() == [[-1, 1, 0], [2, 0, -2]]
    assert centred(logits).tolist() == [[-3, -1, 4], [3, -2, -1]]
    assert unit_rows(np.array([[3.0, 4.0], [0.0, -2.0]])).tolist() == [[0.6, 0.8], [0, -1]]


def test_the_largest_of_several_distances_counts(factors):
    """With every context of one kind and every token of another, all pairs are compared."""
    from ntp_lib.features.measurements import largest_distance

    H = factors[1]
    expected = max(relative(H[i], H[j]) for i, j in itertools.combinations(range(4), 2))
    assert largest_distance(H, np.zeros(4, dtype=int)) == pytest.approx(expected, rel=1e-12)
