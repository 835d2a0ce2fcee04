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


@pytest.mark.parametrize(("yes", "no"), [((3, 1), (1, 3)), ((9, 2), (1, 6)), ((7, 40), (2, 900))])
def test_two_positions_are_met_exactly(yes, no):
    """The curve passes through both shares; the errors of the two logits, 1/(n p q), are independent."""
    x = np.array([10.0, 14.0])
    (p, q), (a, b) = np.array([yes, no]), (np.log(yes[i] / no[i]) for i in (0, 1))
    variances = 1 / p + 1 / q
    fit = fit_transition(x, yes, no)
    assert fit.centre == pytest.approx(10 + 4 * a / (a - b), rel=1e-7)
    assert fit.width == pytest.approx(4 / (a - b), rel=1e-5)
    error = 4 * np.hypot(b * variances[0] ** 0.5, a * variances[1] ** 0.5) / (a - b) ** 2
    assert fit.standard_error == pytest.approx(error, rel=1e-5)


def test_positions_count_as_often_as_they_were_tried_and_in_their_own_unit():
    yes, no = np.array([9, 8, 3, 0]), np.array([0, 2, 5, 9])
    once, twice = fit_transition([1, 2, 3, 5], yes, no), fit_transition([1, 2, 3, 5], 4 * yes, 4 * no)
    assert twice.centre == pytest.approx(once.centre, rel=1e-6)
    assert twice.standard_error == pytest.approx(once.standard_error / 2, rel=1e-4)
    moved = fit_transition(7 + 100 * np.array([1, 2, 3, 5]), yes, no)
    assert moved.centre == pytest.approx(7 + 100 * once.centre, rel=1e-6)
    assert moved.standard_error == pytest.approx(100 * once.standard_error, rel=1e-4)
    idle = fit_transition([1, 2, 3, 5, 90], [*yes, 0], [*no, 0])
    assert idle.centre == pytest.approx(once.centre, rel=1e-5)


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
        ([3, 3, 0, 0], [0, 0, 3, 3], "the outcomes do not overlap: add positions"),
        ([3, 3, 3, 3], [0, 0, 0, 0], "the outcomes do not overlap: add positions"),
        ([0, 0, 0, 0], [3, 3, 3, 3], "the outcomes do not overlap: add positions"),
        ([3, 1, 0, 0], [0, 2, 3, 3], "the outcomes do not overlap: add positions"),
        ([3, 0, 0, 0], [1, 0, 0, 0], "a transition needs trials at two positions at least"),
        ([0, 0, 0, 0], [0, 0, 0, 0], "a transition needs trials at two positions at least"),
    ],
)
def test_outcomes_without_a_transition_are_refused(yes, no, message):
    with pytest.raises(ntp.NTPDataError, match=f"^{message}"):
        fit_transition([1, 2, 3, 4], yes, no)


def test_a_rise_is_no_fall():
    with pytest.raises(ntp.DidNotConvergeError, match=r"^no falling logistic curve was fitted: "):
        fit_transition([1, 2, 3, 4], [0, 1, 2, 3], [3, 2, 1, 0])


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_a_line_in_the_right_power_is_exact_and_in_the_wrong_one_is_not(power):
    dims = np.array([10, 20, 40, 80])
    found = extrapolate(dims, 1.5 - 2 * dims**-power, np.full(4, 0.01), power=power)
    assert found.limit == pytest.approx(1.5, abs=1e-12)
    assert found.slope == pytest.approx(-2, abs=1e-11)
    assert found.chi_squared < 1e-20
    assert extrapolate(dims, 1.5 - 2 * dims**-power, np.full(4, 0.01), power=1.5 - power).chi_squared > 1


def test_four_points_of_different_weight_are_met_as_polyfit_meets_them():
    dims, centres, errors = [9, 16, 25, 25], np.array([1.3, 1.45, 1.41, 1.47]), np.array([0.02, 0.05, 0.01, 0.04])
    found = extrapolate(dims, centres, errors, power=0.5)
    x = np.array([1 / 3, 1 / 4, 1 / 5, 1 / 5])
    (slope, limit), covariance = np.polyfit(x, centres, 1, w=1 / errors, cov="unscaled")
    assert (found.limit, found.slope) == pytest.approx((limit, slope), rel=1e-10)
    assert found.standard_error == pytest.approx(covariance[1, 1] ** 0.5, rel=1e-10)
    assert found.chi_squared == pytest.approx(sum(((limit + slope * x - centres) / errors) ** 2), rel=1e-8)
    assert (found.degrees_of_freedom, found.power) == (2, 0.5)


def test_the_error_of_the_limit_is_that_of_repeated_points():
    rng, dims, errors = np.random.default_rng(0), np.array([10, 20, 40]), np.array([0.02, 0.01, 0.01])
    limits = [extrapolate(dims, errors * rng.standard_normal(3), errors, power=1.0).limit for _ in range(400)]
    found = extrapolate(dims, np.zeros(3), errors, power=1.0)
    assert found.standard_error == pytest.approx(np.std(limits), rel=0.15)


def test_too_few_points_and_wrong_errors_are_refused():
    with pytest.raises(ntp.NTPDataError, match=r"^2 dimensions; a line with a test of its fit needs three"):
        extrapolate([10, 20, 20], [1, 1, 1], [0.1, 0.1, 0.1], power=1.0)
    with pytest.raises(ntp.NTPDataError, match=r"^a standard error is not positive"):
        extrapolate([10, 20, 40], [1, 1, 1], [0.1, 0.0, 0.1], power=1.0)
