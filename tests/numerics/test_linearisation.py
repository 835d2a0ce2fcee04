"""Solutions of (I − cJ) x = b, dense and by GMRES, and how much GMRES may cost."""

import numpy as np
import pytest

from ntp_lib.numerics.linearisation import (
    KRYLOV_SIZE,
    LINEAR_TOLERANCE,
    DenseLinearisation,
    KrylovLinearisation,
)


def random_jacobian(size, seed=0):
    """Negative definite, of sizes 1 to 1e4, and its diagonal."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((size, size)))[0]
    J = -(Q * np.geomspace(1.0, 1e4, size)) @ Q.T
    return J, np.diag(J).copy(), rng.standard_normal(size)


@pytest.mark.parametrize("c", [0.0, 0.01, 2.0])
def test_a_dense_system_is_solved_to_rounding(c):
    J, _, b = random_jacobian(12)
    before = J.copy()
    linearisation = DenseLinearisation(J)
    solve = linearisation.factorised(c)
    for right in (b, 3 * b[::-1]):
        x = solve(right)
        assert np.linalg.norm(x - c * J @ x - right) <= 1e-11 * np.linalg.norm(right)
    assert np.array_equal(J, before)
    assert np.array_equal(right, 3 * b[::-1])


def test_a_singular_system_is_no_error():
    """Newton's method fails there, and the integrator shortens its step."""
    assert not np.isfinite(DenseLinearisation(np.eye(2)).factorised(1.0)(np.ones(2))).any()


@pytest.mark.parametrize("c", [0.0, 0.01, 2.0])
def test_gmres_solves_to_its_tolerance(c):
    J, diagonal, b = random_jacobian(30)
    solve = KrylovLinearisation(lambda v: J @ v, diagonal).factorised(c)
    for right in (b, 1e-9 * b[::-1]):
        x = solve(right)
        assert np.linalg.norm(x - c * J @ x - right) <= LINEAR_TOLERANCE * np.linalg.norm(right)


@pytest.mark.parametrize(("c", "size"), [(1.0, 400), (-0.7, 400)])
def test_the_diagonal_is_the_preconditioner(c, size):
    """A diagonal Jacobian of wide spread is solved at once."""
    diagonal = -np.geomspace(1e-3, 1e8, size) * np.sign(c)
    calls = []

    def apply(v):
        calls.append(1)
        return diagonal * v

    b = np.random.default_rng(0).standard_normal(size)
    x = KrylovLinearisation(apply, diagonal).factorised(c)(b)
    assert x == pytest.approx(b / (1 - c * diagonal), rel=1e-2)
    assert len(calls) <= 4


def test_a_diagonal_that_cancels_does_not_divide_by_zero():
    J = np.array([[1.0, 2.0], [3.0, 1.0]])
    x = KrylovLinearisation(lambda v: J @ v, np.diag(J).copy()).factorised(1.0)(np.array([4.0, 9.0]))
    assert x == pytest.approx([-3.0, -2.0], rel=1e-3)


def test_gmres_gives_up_where_it_stagnates():
    """On a cyclic shift it finds nothing before the dimension, which is out of reach; the work stays bounded."""
    calls = []

    def apply(v):
        calls.append(1)
        assert len(calls) <= 3 * (KRYLOV_SIZE + 2)
        return v - np.roll(v, 1)

    size = 3 * KRYLOV_SIZE
    KrylovLinearisation(apply, np.zeros(size)).factorised(1.0)(np.eye(size)[0])
    assert len(calls) > KRYLOV_SIZE
