"""The two small programmes behind the limits of the flow: multipliers as equal as can be, and the least of Φ."""

import numpy as np
import pytest
import scipy.optimize

import ntp_lib as ntp
from ntp_lib.limiting import asymptotics


def test_square_systems_have_one_solution():
    maps = np.array([[2.0, 1.0], [0.0, 4.0]])
    alphas = asymptotics._largest_least_multiplier(maps, maps.T @ [3.0, -5.0])
    assert alphas == pytest.approx([3.0, -5.0], rel=1e-12)


@pytest.mark.parametrize("target", [6.0, 0.3, -6.0])
def test_dependent_pairs_get_equal_multipliers_where_signs_agree(target):
    """α_1 + 2 α_2 + 3 α_3 = b: at most b/6 for the least, with all of them equal; negative where b is."""
    alphas = asymptotics._largest_least_multiplier(np.array([[1.0], [2.0], [3.0]]), np.array([target]))
    assert alphas == pytest.approx(np.full(3, target / 6), rel=1e-9)


def test_the_least_multiplier_is_as_large_as_can_be():
    """α_1 = 1 and α_2 + α_3 = 5 leave min(1, 5/2) at most; α_2 = α_3 is only one way to have it."""
    maps = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    alphas = asymptotics._largest_least_multiplier(maps, np.array([1.0, 5.0]))
    assert maps.T @ alphas == pytest.approx([1.0, 5.0], rel=1e-9)
    assert alphas.min() == pytest.approx(1.0, rel=1e-9)


def test_multipliers_without_a_bound_are_refused():
    """α_1 + α_2 = α_3: with all of them larger, so is the least."""
    with pytest.raises(ntp.DidNotConvergeError, match=r"^no multipliers of the active pairs were found: \S"):
        asymptotics._largest_least_multiplier(np.array([[1.0], [1.0], [-2.0]]), np.array([0.0]))


MAPS = np.array([[1.0, 0.2], [0.3, 1.0], [0.8, 0.9]])


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1.0, 1e3, 1e9])
def test_the_drift_has_a_slope_of_zero_whatever_the_size_of_the_weights(scale):
    """With mapsᵀ b e^{−maps r} = target at a known r, far from where the equal multipliers would put it."""
    wanted = np.array([2.0, -1.5])
    log_b = np.log(scale) + np.array([3.0, -4.0, 1.0])
    target = MAPS.T @ np.exp(log_b - MAPS @ wanted)
    alphas = asymptotics._largest_least_multiplier(MAPS, target)
    assert asymptotics._settled(MAPS, target, log_b, alphas) == pytest.approx(wanted, rel=1e-9)


def test_the_drift_of_independent_pairs_is_explicit():
    """μ(r) = log(b/α)."""
    maps, alphas, log_b = MAPS[:2], np.array([0.5, 4.0]), np.array([1.0, -2.0])
    found = asymptotics._settled(maps, maps.T @ alphas, log_b, alphas)
    assert maps @ found == pytest.approx(log_b - np.log(alphas), rel=1e-12)
    assert found.dtype == np.float64


def test_a_drift_that_is_not_found_is_an_error(monkeypatch):
    """Started at r = −30, where masses are e^30 too large, three steps of Newton bring back three units."""
    monkeypatch.setattr(
        scipy.optimize, "minimize", lambda *_, **__: scipy.optimize.OptimizeResult(x=np.array([-30.0]))
    )
    with pytest.raises(ntp.DidNotConvergeError, match=r"^the drift along the active pairs was not found to 1e-9$"):
        asymptotics._settled(np.ones((2, 1)), np.array([2.0]), np.zeros(2), np.ones(2))
