"""Solutions of (I − cJ) x = b, dense and by token blocks."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ntp_lib.numerics.linearisation import BlockLinearisation, Curvature, DenseLinearisation
from ntp_lib.numerics.softmax_blocks import SoftmaxBlocks


def random_jacobian(size, seed=0):
    """Negative definite, of sizes 1 to 1e4, and its diagonal."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((size, size)))[0]
    J = -(Q * np.geomspace(1.0, 1e4, size)) @ Q.T
    return J, np.diag(J).copy(), rng.standard_normal(size)


@pytest.mark.parametrize("c", [0.001, 0.01, 2.0])
def test_a_dense_system_is_solved_to_rounding(c):
    J, _, b = random_jacobian(12)
    before = J.copy()
    linearisation = DenseLinearisation(J)
    solve = linearisation.factorised(c)
    for right in (b, 3 * b[::-1]):
        x = solve(right)
        assert np.linalg.norm(x - c * J @ x - right) <= 1e-11 * np.linalg.norm(right)
    mixed = linearisation.factorised(c, above=-0.5)(right)
    assert np.linalg.norm(mixed - x - 0.5 * J @ x) <= 1e-11 * np.linalg.norm(J @ x)
    assert np.array_equal(J, before)
    assert np.array_equal(right, 3 * b[::-1])


def test_a_singular_system_is_no_error():
    """Newton's method fails there, and the integrator shortens its step."""
    assert not np.isfinite(DenseLinearisation(np.eye(2)).factorised(1.0)(np.ones(2))).any()


@dataclass(frozen=True)
class Parts:
    """Whole matrices as states, with the F that one matrix spans."""

    direction: np.ndarray

    def in_F(self, Z):
        unit = self.direction / np.linalg.norm(self.direction)
        return np.sum(unit * Z) * unit

    def joined(self, state, stretch):
        if stretch is None:
            return state.reshape(self.direction.shape)
        x, y = state.reshape(2, *self.direction.shape)
        return x / stretch + y

    def parted(self, Z, stretch):
        in_F = self.in_F(Z)
        rest = (Z - in_F).ravel()
        return rest if stretch is None else np.concatenate([stretch * in_F.ravel(), rest])


def curvature(m, r, V, stretch):
    """Rows, a curvature, and its dense Hessian."""
    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(m, r)), rng.random(m) + 0.1
    q = rng.dirichlet(np.ones(V), size=m)
    blocks = SoftmaxBlocks.factorised(X, X @ X.T, w, q, 1.0)
    columns = [blocks.apply(E.reshape(V, r)).ravel() for E in np.eye(V * r)]
    return X, Curvature(w, q, stretch), np.array(columns) - np.eye(V * r), rng


@pytest.mark.parametrize("c", [0.01, 2.0])
def test_token_blocks_solve_in_both_parts_of_the_state(c):
    """Of a Hessian H, J (f, u) = −((1 + t) P_F H v, P_⊥ H v) with v = f/(1 + t) + u."""
    stretch = 30.0
    X, bent, H, rng = curvature(5, 4, 3, stretch)
    parts = Parts(rng.normal(size=(3, 4)))
    P = np.array([parts.in_F(E.reshape(3, 4)).ravel() for E in np.eye(12)])
    rest = np.eye(12) - P
    f, u = P @ rng.normal(size=12), rest @ rng.normal(size=12)
    bend = H @ (f / stretch + u)
    right = np.concatenate([f + c * stretch * P @ bend, u + c * rest @ bend])
    solve = BlockLinearisation(X, X @ X.T, parts, bent).factorised(c)
    assert solve(right) == pytest.approx(np.concatenate([f, u]), abs=1e-11)
    # (I − aJ)(I − cJ)⁻¹ is a mean of one and the other.
    mixed = BlockLinearisation(X, X @ X.T, parts, bent).factorised(c, above=-0.3 * c)
    assert mixed(right) == pytest.approx(1.3 * np.concatenate([f, u]) - 0.3 * right, abs=1e-10)
    # Coordinates stretched by something else are not solved for.
    other = BlockLinearisation(X, X @ X.T, parts, replace(bent, stretch=31.0)).factorised(c)
    assert np.abs(other(right) - np.concatenate([f, u])).max() > 1e-3


def test_of_a_state_in_the_complement_the_part_in_F_is_taken_away():
    X, bent, _, rng = curvature(5, 4, 3, None)
    parts = Parts(rng.normal(size=(3, 4)))
    in_F, u = parts.in_F, rng.normal(size=12)
    found = BlockLinearisation(X, X @ X.T, parts, bent).factorised(0.5)(u).reshape(3, 4)
    assert np.abs(in_F(found)).max() <= 1e-14
    blocks = SoftmaxBlocks.factorised(X, X @ X.T, 0.5 * bent.weights, bent.probs, 1.0)
    whole = blocks.solve(u.reshape(3, 4))
    assert found == pytest.approx(whole - in_F(whole), abs=1e-12)
    assert np.abs(in_F(whole)).max() > 1e-3


def test_blocks_that_are_singular_are_no_error():
    """Newton's method fails there, and the integrator shortens its step."""
    bent, X = Curvature(np.ones(2), np.full((2, 2), 0.5), None), np.full((2, 2), 1e9)
    linearisation = BlockLinearisation(X, X @ X.T, Parts(np.ones((2, 2))), bent)
    assert np.isnan(linearisation.factorised(1e10)(np.ones(4))).all()
    assert np.isfinite(linearisation.factorised(1e-18)(np.ones(4))).all()
