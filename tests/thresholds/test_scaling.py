"""50 % points and their extrapolation, on outcomes whose answer is known."""

import numpy as np
import pytest
from scipy.special import expit

import ntp_lib as ntp
from ntp_lib.thresholds.scaling import extrapolate, fit_transition

X = np.linspace(1, 2, 11)


def test_a_logistic_fall_is_found_again():
    share = expit(-(X - 1.43) / 0.08)
    fit = fit_transition(X, 1000 * share, 1000 * (1 - share))
    assert fit.centre == pytest.approx(1.43, abs=1e-6)
    assert fit.width == pytest.approx(0.08, rel=1e-5)


def test_the_standard_error_is_that_of_repeated_trials():
    rng, share = np.random.default_rng(0), expit(-(X - 1.43) / 0.08)
    draws = [rng.binomial(40, share) for _ in range(300)]
    fits = [fit_transition(X, yes, 40 - yes) for yes in draws]
    spread = np.std([fit.centre for fit in fits])
    # The spread of 300 values is known to 4 %.
    assert np.mean([fit.standard_error for fit in fits]) == pytest.approx(spread, rel=0.15)


@pytest.mark.parametrize(
    ("yes", "no", "message"),
    [
        ([3, 3, 0, 0], [0, 0, 3, 3], "do not overlap"),
        ([3, 3, 3, 3], [0, 0, 0, 0], "do not overlap"),
        ([3, 0, 0, 0], [1, 0, 0, 0], "two positions"),
    ],
)
def test_outcomes_without_a_transition_are_refused(yes, no, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        fit_transition([1, 2, 3, 4], yes, no)


def test_a_rise_is_no_fall():
    with pytest.raises(ntp.DidNotConvergeError, match="no falling"):
        fit_transition([1, 2, 3, 4], [0, 1, 2, 3], [3, 2, 1, 0])


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_a_line_in_the_right_power_is_exact_and_in_the_wrong_one_is_not(power):
    dims = np.array([10, 20, 40, 80])
    found = extrapolate(dims, 1.5 - 2 * dims**-power, np.full(4, 0.01), power=power)
    assert found.limit == pytest.approx(1.5, abs=1e-12)
    assert found.slope == pytest.approx(-2, abs=1e-11)
    assert found.chi_squared < 1e-20
    assert extrapolate(dims, 1.5 - 2 * dims**-power, np.full(4, 0.01), power=1.5 - power).chi_squared > 1


def test_the_error_of_the_limit_is_that_of_repeated_points():
    rng, dims, errors = np.random.default_rng(0), np.array([10, 20, 40]), np.array([0.02, 0.01, 0.01])
    limits = [extrapolate(dims, errors * rng.standard_normal(3), errors, power=1.0).limit for _ in range(400)]
    found = extrapolate(dims, np.zeros(3), errors, power=1.0)
    assert found.standard_error == pytest.approx(np.std(limits), rel=0.15)


def test_too_few_points_and_wrong_errors_are_refused():
    with pytest.raises(ntp.NTPDataError, match="2 dimensions"):
        extrapolate([10, 20, 20], [1, 1, 1], [0.1, 0.1, 0.1], power=1.0)
    with pytest.raises(ntp.NTPDataError, match="standard error"):
        extrapolate([10, 20, 40], [1, 1, 1], [0.1, 0.0, 0.1], power=1.0)
