"""Token blocks of a ridged cross-entropy against its dense Hessian."""

import numpy as np
import pytest
import scipy.linalg

from ntp_lib.numerics import softmax_blocks
from ntp_lib.numerics.softmax_blocks import SoftmaxBlocks


def problem(m, r, V, seed, spread=1.0):
    """Rows, weights of contexts, probabilities (the last of context 0 is 0), a right-hand side."""
    rng = np.random.default_rng(seed)
    logits = spread * rng.normal(size=(m, V))
    q = np.exp(logits - logits.max(axis=1, keepdims=True))
    q[0, -1] = 0.0
    q /= q.sum(axis=1, keepdims=True)
    return rng.normal(size=(m, r)), rng.random(m) + 0.1, q, rng.normal(size=(V, r))


def dense_hessian(X, w, q, ridge):
    V, r = q.shape[1], X.shape[1]
    total = ridge * np.eye(V * r)
    for j in range(len(X)):
        total += w[j] * np.kron(np.diag(q[j]) - np.outer(q[j], q[j]), np.outer(X[j], X[j]))
    return total


def blocks_of(X, w, q, ridge):
    return SoftmaxBlocks.factorised(X, X @ X.T, w, q, ridge)


@pytest.mark.parametrize(("m", "r"), [(4, 6), (5, 5), (9, 3)])
@pytest.mark.parametrize("ridge", [1e3, 1e-1, 1e-5])
def test_solutions_and_products_are_those_of_the_dense_hessian(m, r, ridge):
    for seed in range(3):
        X, w, q, R = problem(m, r, 5, seed)
        hessian, blocks = dense_hessian(X, w, q, ridge), blocks_of(X, w, q, ridge)
        expected = scipy.linalg.solve(hessian, R.ravel(), assume_a="pos").reshape(R.shape)
        found = blocks.solve(R)
        # The condition number of the Hessian is at most its size, 30 here, over the ridge.
        assert np.linalg.norm(found - expected) <= (30 / ridge + 1) * 1e-13 * np.linalg.norm(expected)
        product = (hessian @ R.ravel()).reshape(R.shape)
        assert blocks.apply(R) == pytest.approx(product, abs=1e-13 * np.abs(product).max())
        # Without the mean logits the answer is another one.
        assert np.linalg.norm(blocks._rows_solved(R) - expected) > 1e-5 * np.linalg.norm(expected)


@pytest.mark.parametrize(("m", "r"), [(5, 6), (6, 3)])
def test_small_ridges_and_saturated_probabilities(m, r):
    """A residual of rounding where the ridge is 1e-12 and probabilities go down to 1e-14."""
    X, w, q, R = problem(m, r, 6, 0, spread=12.0)
    assert q[q > 0].min() < 1e-13
    # A gradient: what Newton's method solves for.
    R = (w[:, None] * (q - 1 / 6)).T @ X + 1e-12 * R
    blocks = blocks_of(X, w, q, 1e-12)
    Z = blocks.solve(R)
    size = np.linalg.norm(dense_hessian(X, w, q, 1e-12), 2) * np.linalg.norm(Z) + np.linalg.norm(R)
    assert np.linalg.norm(blocks.apply(Z) - R) <= 1e-14 * size
    # The curvatures of the smallest probabilities are seen: without them the residual is far from rounding.
    rough = blocks_of(X, w, np.where(q < 1e-9, 0.0, q), 1e-12)
    assert np.linalg.norm(blocks.apply(rough.solve(R)) - R) > 1e-12 * size


def test_shifts_of_all_tokens_cost_the_ridge_alone():
    X, w, q, _ = problem(4, 5, 3, 1)
    same = np.tile(np.arange(1.0, 6.0), (3, 1))
    for ridge in (1e-10, 2.0):
        assert blocks_of(X, w, q, ridge).solve(ridge * same) == pytest.approx(same, rel=1e-5)


def test_pairs_below_rounding_are_left_out(monkeypatch):
    """Token 2 is improbable everywhere, token 3 in all contexts but one: the same answer from fewer factors."""
    X, w, q, R = problem(6, 5, 4, 2)
    q[:, 2], q[1:, 3] = 1e-40, 1e-40
    left_out = blocks_of(X, w, q, 0.5)
    monkeypatch.setattr(softmax_blocks, "DROPPED", 0.0)
    kept = blocks_of(X, w, q, 0.5)
    assert left_out._lower[2] is None
    assert kept._lower[2] is not None
    assert left_out.solve(R) == pytest.approx(kept.solve(R), abs=1e-13)
    assert left_out.solve(R)[2] == pytest.approx(R[2] / 0.5, rel=1e-15)


def test_units_change_nothing():
    X, w, q, R = problem(6, 4, 4, 3)
    expected = blocks_of(X, w, q, 0.1).solve(R)
    for scale in (1e-60, 1e60):
        found = blocks_of(scale * X, w, q, scale**2 * 0.1).solve(R)
        assert found * scale**2 == pytest.approx(expected, rel=1e-9)
    far = blocks_of(X, w, q, 1e100).solve(R)
    assert far == pytest.approx(R / 1e100, rel=1e-12)


def test_a_ridge_lost_in_rounding_is_none():
    """A context counted twice, of length 1e9, beside a ridge of 1e-10."""
    X = 1e9 * np.ones((2, 2))
    assert blocks_of(X, np.ones(2), np.full((2, 2), 0.5), 1e-10) is None
    assert blocks_of(X, np.ones(2), np.full((2, 2), 0.5), 1e10) is not None
