"""Faces of the cones against dense linear algebra: blocks, levels, and the nearest of many dual variables."""

import numpy as np
import pytest
import torch

import ntp_lib as ntp
from ntp_lib.margins.splitting import face as module
from ntp_lib.margins.splitting import positive_definite
from ntp_lib.margins.splitting.face import PROXIMAL, Face
from ntp_lib.margins.splitting.problem import ConeProblem

SEEDS = range(3)


def made(random_problem, seed, kind=np.asarray, **sizes):
    data = random_problem(seed, **sizes)
    lengths = np.geomspace(0.3, 5, data.num_contexts)[:, None]
    data = ntp.NTPData(kind(lengths * data.embeddings), data.context_probs, data.next_token_probs)
    problem = ConeProblem.of(data)
    active = ~data.support_mask & (np.random.default_rng(seed).random(data.support_mask.shape) < 0.3)
    return problem, active


def conditions(problem, pairs):
    """G a_v + shift = c on the pairs and row sums of zero, as one dense system in (A on the pairs, c)."""
    rows, shifts = np.asarray(problem.rows), np.asarray(problem.shifts)
    G, (j, v) = rows @ rows.T, np.nonzero(pairs)
    n, m = len(j), len(rows)
    matrix, right = np.zeros((n + m, n + m)), np.zeros(n + m)
    matrix[:n, :n] = G[np.ix_(j, j)] * (v[:, None] == v[None, :])
    matrix[np.arange(n), n + j] = -1
    matrix[n + j, np.arange(n)] = 1
    right[:n] = -shifts[j, v]
    return matrix, right, n


@pytest.mark.parametrize("kind", [np.asarray, torch.tensor])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_face_has_one_dual_variable_where_rows_are_independent(kind, seed, random_problem):
    problem, active = made(random_problem, seed, kind, m=6, d=9, V=5)
    pairs = np.asarray(problem.support) | active
    matrix, right, n = conditions(problem, pairs)
    found = np.linalg.solve(matrix, right)
    expected = np.zeros((6, 5))
    expected[pairs] = found[:n]
    face = Face.of(problem, kind(active))
    for start in (np.zeros((6, 5)), np.random.default_rng(seed).standard_normal((6, 5))):
        A, levels, left = face.solve(kind(start), problem.shifts)
        np.testing.assert_allclose(A, expected, atol=1e-11)
        np.testing.assert_allclose(np.asarray(levels)[:, 0], found[n:], atol=1e-11)
        assert 0 <= left < 1e-11
    A, levels, _ = face.solve(kind(expected), 0 * problem.shifts)
    assert np.abs(np.asarray(A)).max() < 1e-11, "without shifts zero alone is on the face"


@pytest.mark.parametrize("seed", SEEDS)
def test_of_many_dual_variables_the_nearest_is_taken(seed, random_problem):
    problem, active = made(random_problem, seed, m=8, d=2, V=4)
    pairs = np.asarray(problem.support) | active
    matrix, _, n = conditions(problem, pairs)
    shifts = np.zeros((8, 4))
    start = np.random.default_rng(seed).standard_normal((8, 4))
    # Conditions without shifts: A = 0 solves them, and so does a whole space of others.
    _, singular, Vt = np.linalg.svd(matrix)
    kernel = Vt[singular < 1e-10 * singular[0]][:, :n]
    assert len(kernel) > 0
    basis = np.linalg.qr(kernel.T)[0]
    expected = np.zeros((8, 4))
    expected[pairs] = basis @ (basis.T @ start[pairs])
    A, _, left = Face.of(problem, active).solve(start, shifts)
    np.testing.assert_allclose(A, expected, atol=1e-5)
    assert left < 1e-9
    assert np.abs(expected).max() > 0.1


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_blocks_are_the_gram_matrices_of_the_contexts_with_a_token(scale, random_problem):
    """The proximal term is as large as said, and shrinks with the least singular value of the rows."""
    data = random_problem(1, m=4, d=6, V=5, sizes=(1, 2))
    turned = data.embeddings.copy()
    turned[1] = turned[0] + scale * turned[1]
    problem = ConeProblem.of(ntp.NTPData(turned, data.context_probs, data.next_token_probs))
    active = np.zeros((4, 5), dtype=bool)
    face = Face.of(problem, active)
    least = np.linalg.svd(problem.rows, compute_uv=False)[-1] ** 2
    assert least < 1
    tokens = np.flatnonzero(data.support.any(axis=0))
    assert [token for token, _ in face.contexts] == tokens.tolist()
    assert len(tokens) < 5, "a token of no context has no block"
    schur = np.zeros((4, 4))
    for (token, places), inverse in zip(face.contexts, face.inverses, strict=True):
        assert places.tolist() == np.flatnonzero(data.support[:, token]).tolist()
        rows = problem.rows[places]
        block = rows @ rows.T + PROXIMAL * least * np.eye(len(places))
        np.testing.assert_allclose(inverse @ block, np.eye(len(places)), atol=1e-6)
        alone = 1 / (1 + PROXIMAL * least)
        if len(places) == 1:
            assert inverse[0, 0] == pytest.approx(alone, rel=1e-14)
        schur[np.ix_(places, places)] += inverse
    right = np.arange(1.0, 5)[:, None]
    np.testing.assert_allclose(schur @ face.solve_levels(right), right, rtol=1e-6)
    np.testing.assert_array_equal(face.pairs, data.support)


def test_the_proximal_term_is_never_larger_than_for_orthogonal_rows():
    problem = ConeProblem.of(ntp.NTPData([[1.0, 0.0], [1.0, 1e-9], [2.0, 0.0]], [0.25, 0.25, 0.5], np.eye(3)))
    wide = ConeProblem.of(ntp.NTPData(np.ones((3, 1)) * [[1], [2], [3]], [0.25, 0.25, 0.5], np.eye(3)))
    assert float(wide.factors[1][-1]) == pytest.approx(3)
    for found in (problem, wide):
        least = min(1.0, float(found.factors[1][-1]))
        inverse = Face.of(found, np.zeros((3, 3), dtype=bool)).inverses[0]
        assert inverse[0, 0] == pytest.approx(1 / (1 + PROXIMAL * least), rel=1e-15)


@pytest.mark.filterwarnings("ignore::ntp_lib.NTPDataWarning")
def test_rows_of_rank_zero_have_faces_too():
    problem = ConeProblem.of(ntp.NTPData(np.zeros((2, 1)), [0.5, 0.5], np.eye(2)))
    face = Face.of(problem, np.zeros((2, 2), dtype=bool))
    assert [inverse[0, 0] for inverse in face.inverses] == pytest.approx([1 / PROXIMAL] * 2)


def test_the_residual_is_in_units_of_the_margin(monkeypatch, random_problem):
    """After no more than one look, what is left is what was there: the largest condition, times its length."""
    problem, active = made(random_problem, 0, m=5, d=7, V=4)
    A = problem.repaired(np.random.default_rng(0).standard_normal((5, 4)))
    monkeypatch.setattr(module, "MAX_PASSES", 1)
    face = Face.of(problem, active)
    start = np.where(face.pairs, A, 0)
    _, levels, left = face.solve(A, problem.shifts)
    broken = np.where(face.pairs, problem.logits(start) + problem.shifts, 0)
    assert left == pytest.approx(np.abs(broken * problem.lengths).max(), rel=1e-13)
    assert np.abs(levels).max() > 0
    monkeypatch.setattr(module, "MAX_PASSES", 2)
    assert face.solve(A, problem.shifts)[2] < 1e-3 * left


def test_an_indefinite_face_is_reported(monkeypatch, random_problem):
    problem, active = made(random_problem, 0, m=5, d=7, V=4)
    monkeypatch.setattr(positive_definite, "solver", lambda matrix: None)
    assert Face.of(problem, active) is None
    monkeypatch.undo()
    assert Face.of(problem, active) is not None
    monkeypatch.setattr(positive_definite, "inverse", lambda matrix: None)
    assert Face.of(problem, active) is None


@pytest.mark.parametrize("kind", [np.asarray, torch.tensor])
@pytest.mark.parametrize("n", [1, 2, 6])
def test_inverses_are_symmetric_and_leave_the_matrix_alone(kind, n):
    root = np.random.default_rng(n).standard_normal((n, n))
    matrix = root @ root.T + np.eye(n)
    given = kind(matrix.copy())
    found = np.asarray(positive_definite.inverse(given))
    np.testing.assert_array_equal(given, matrix)
    np.testing.assert_allclose(found, found.T, rtol=1e-14)
    np.testing.assert_allclose(found, np.linalg.inv(matrix), rtol=1e-9)
    several = np.random.default_rng(0).standard_normal((n, 3))
    np.testing.assert_allclose(
        np.asarray(positive_definite.solver(kind(matrix.copy()))(kind(several))), np.linalg.solve(matrix, several)
    )
