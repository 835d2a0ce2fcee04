"""Slacks of a face against its optimality conditions as one dense system in multipliers, slacks and levels."""

import numpy as np
import pytest

from ntp_lib.margins.splitting import slacks as module
from ntp_lib.margins.splitting.slacks import IndependentRows

SHAPE = M, D, V = 7, 9, 5
SEEDS = range(4)


def made(seed, share=0.5):
    """Rows, shifts, and pairs off a random support that are inactive."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((M, D))
    support = np.zeros((M, V), dtype=bool)
    support[np.arange(M), rng.integers(V, size=M)] = True
    shifts = np.where(support, 0.0, rng.uniform(0.5, 2, size=(M, 1)))
    return rows, shifts, ~support & (rng.random((M, V)) < share)


def conditions_solved(rows, shifts, inactive):
    """A and U from G A + s = c 1ᵀ − U, A = 0 on the inactive pairs, U = 0 off them, row sums of zero."""
    G, n = rows @ rows.T, M * V
    j, v = (index.ravel() for index in np.indices((M, V)))
    matrix, right = np.zeros((2 * n + M, 2 * n + M)), np.zeros(2 * n + M)
    matrix[:n, :n] = G[np.ix_(j, j)] * (v[:, None] == v[None, :])
    matrix[:n, n : 2 * n] = np.eye(n)
    matrix[np.arange(n), 2 * n + j] = -1
    right[:n] = -shifts.ravel()
    zero = np.where(inactive.ravel(), np.arange(n), n + np.arange(n))
    matrix[n + np.arange(n), zero] = 1
    matrix[2 * n + j, np.arange(n)] = 1
    found = np.linalg.solve(matrix, right)
    return found[:n].reshape(M, V), found[n : 2 * n].reshape(M, V)


@pytest.mark.parametrize("few", [0, 10**6], ids=["by token", "dense"])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.7])
@pytest.mark.parametrize("seed", SEEDS)
def test_slacks_and_multipliers_solve_the_conditions(seed, share, few, monkeypatch):
    monkeypatch.setattr(module, "FEW", few)
    rows, shifts, inactive = made(seed, share)
    independent = IndependentRows.of(rows)
    free = independent.free(shifts)
    U = independent.face(inactive)(free)
    multipliers, expected = conditions_solved(rows, shifts, inactive)
    np.testing.assert_allclose(U, expected, atol=1e-11)
    np.testing.assert_allclose(independent.dual(free, U), multipliers, atol=1e-11)
    # Control: other inactive pairs have other slacks.
    assert np.abs(U - conditions_solved(rows, shifts, made(seed, 0.9)[2])[1]).max() > 1e-2


def test_a_token_without_inactive_pairs_has_no_block(monkeypatch):
    monkeypatch.setattr(module, "FEW", 0)
    rows, shifts, inactive = made(0)
    inactive[:, [0, 3]] = False
    independent = IndependentRows.of(rows)
    free = independent.free(shifts)
    U = independent.face(inactive)(free)
    np.testing.assert_allclose(U, conditions_solved(rows, shifts, inactive)[1], atol=1e-11)
    assert not U[:, [0, 3]].any()


def test_without_inactive_pairs_the_multipliers_are_the_closed_form():
    rows, shifts, _ = made(1)
    independent = IndependentRows.of(rows)
    free = independent.free(shifts)
    np.testing.assert_allclose(
        rows @ rows.T @ free, shifts.mean(axis=1, keepdims=True) - shifts, atol=1e-12, rtol=0
    )
    np.testing.assert_allclose(free.sum(axis=1), 0, atol=1e-12)


def test_dependent_rows_are_refused_and_near_ones_have_a_large_condition():
    rows, *_ = made(0)
    near = rows.copy()
    near[1] = near[0] + 1e-5 * near[1]
    singular = np.linalg.svd(near, compute_uv=False)
    ratio = (singular[0] / singular[-1]) ** 2
    assert ratio / 2 < IndependentRows.of(near).condition < M**1.5 * ratio
    rows[1] = 0
    assert IndependentRows.of(rows) is None


@pytest.mark.parametrize("few", [0, 10**6], ids=["by token", "dense"])
def test_an_indefinite_face_is_reported(few, monkeypatch):
    monkeypatch.setattr(module, "FEW", few)
    _, _, inactive = made(0)
    assert IndependentRows(np.eye(M), -np.eye(M)).face(inactive) is None
    assert IndependentRows(np.eye(M), np.eye(M)).face(inactive) is not None


def test_an_indefinite_equation_for_the_mean_slack_is_reported(monkeypatch):
    monkeypatch.setattr(module, "FEW", 0)
    _, _, inactive = made(0)
    assert IndependentRows(-np.eye(M), np.eye(M)).face(inactive) is None
