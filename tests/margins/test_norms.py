"""Duality of the norms, and steepest directions that rounding and underflow do not spoil."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.margins.norms import NORMS, NUCLEAR, norm_named, polar_factor, preconditioned, unit

RNG = np.random.default_rng(0)
P = np.exp(RNG.standard_normal((4, 6)))


@pytest.fixture(params=[*NORMS.values(), NUCLEAR, preconditioned(P)], ids=lambda norm: norm.name)
def norm(request):
    return request.param


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e100])
def test_the_ascent_attains_the_dual_norm_in_the_unit_ball(norm, scale):
    G = RNG.standard_normal((4, 6))
    ascent = norm.ascent(scale * G)
    assert norm.size(ascent) == pytest.approx(1, rel=1e-12)
    assert np.sum(G * ascent) == pytest.approx(norm.dual(G), rel=1e-12)
    assert np.sum(G * norm.ascent(-G)) < 0, "control: the other way is no ascent"


def test_no_point_of_the_unit_ball_does_better(norm):
    for _ in range(50):
        G, W = RNG.standard_normal((2, 4, 6))
        assert np.sum(G * W) <= norm.size(W) * norm.dual(G) * (1 + 1e-12)


def test_the_inequality_is_about_dual_pairs():
    """The control: with the norm itself in place of its dual it fails."""
    G = RNG.standard_normal((4, 6))
    for norm in (NORMS["max"], NORMS["spectral"]):
        assert np.sum(G * norm.ascent(G)) > norm.size(norm.ascent(G)) * norm.size(G)


def test_stacks_are_measured_together(norm):
    stack = RNG.standard_normal((5, 4, 6))
    for function in (norm.size, norm.dual):
        assert function(stack) == pytest.approx([float(function(W)) for W in stack], rel=1e-13)


def test_zero_has_no_direction(norm):
    assert not norm.ascent(np.zeros((4, 6))).any()


def test_the_polar_factor_keeps_out_of_the_null_direction():
    """Columns that sum to zero: the ones vector is a left null vector, with an arbitrary partner."""
    G = RNG.standard_normal((5, 8))
    G -= G.mean(axis=0)
    assert np.abs(polar_factor(G).sum(axis=0)).max() <= 1e-13
    U, _, Vt = np.linalg.svd(G, full_matrices=False)
    assert np.abs((U @ Vt).sum(axis=0)).max() > 0.1, "control: the whole thin decomposition goes there"


def test_the_max_norm_is_not_the_row_sum_norm():
    assert NORMS["max"].size(np.ones((2, 3))) == 1
    assert np.linalg.norm(np.ones((2, 3)), np.inf) == 3


def test_the_preconditioned_norm_weighs_every_entry():
    """√⟨W, P⁻¹W⟩, its dual √⟨G, PG⟩, and P G over the dual norm for the ascent."""
    norm = preconditioned(np.array([[4.0, 1.0], [0.25, 9.0]]))
    W = np.array([[2.0, 2.0], [1.0, 6.0]])
    assert norm.name == "preconditioned"
    assert norm.size(W) == pytest.approx(np.sqrt(1 + 4 + 4 + 4), rel=1e-14)
    assert norm.dual(W) == pytest.approx(np.sqrt(16 + 4 + 0.25 + 324), rel=1e-14)
    assert norm.ascent(W) * norm.dual(W) == pytest.approx(np.array([[8.0, 2.0], [0.25, 54.0]]), rel=1e-13)


def test_the_three_norms_of_a_matrix_and_their_duals():
    W = np.array([[3.0, 0.0], [0.0, -4.0]])
    found = {name: (float(norm.size(W)), float(norm.dual(W))) for name, norm in NORMS.items()}
    assert found == {"max": (4.0, 7.0), "spectral": (4.0, 7.0), "frobenius": (5.0, 5.0)}
    assert [norm.name for norm in NORMS.values()] == list(NORMS)
    assert (NUCLEAR.size(W), NUCLEAR.dual(W)) == (7.0, 4.0)
    rotated = W @ np.array([[0.6, 0.8], [-0.8, 0.6]])
    assert NORMS["spectral"].size(rotated) == pytest.approx(4.0, rel=1e-14)
    assert NORMS["max"].size(rotated) == pytest.approx(3.2, rel=1e-14)


def test_unit_survives_squares_that_underflow():
    G = np.array([[3e-200, 4e-200]])
    assert unit(G) == pytest.approx(np.array([[0.6, 0.8]]), rel=1e-14)
    assert np.linalg.norm(G) == 0, "control: the plain norm underflows"


def test_an_unknown_norm_is_refused():
    with pytest.raises(ntp.NTPDataError, match=r"unknown norm 'taxi'; valid: max, spectral, frobenius"):
        norm_named("taxi")
