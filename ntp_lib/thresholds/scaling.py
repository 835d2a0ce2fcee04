"""The 50 % point of a transition, and where it tends as the dimension grows (book, thresholds)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.numerics.aliases import Floats


@dataclass(frozen=True)
class Transition:
    """A fitted fall from one to zero, share(x) = 1/(1 + e^{(x − centre)/width}).

    Attributes:
        centre: the 50 % point.
        standard_error: of the centre, from the curvature of the likelihood.
        width: of the fall.
    """

    centre: float
    standard_error: float
    width: float


def fit_transition(x: npt.ArrayLike, yes: npt.ArrayLike, no: npt.ArrayLike) -> Transition:
    """Fit a logistic curve by maximum likelihood; undecided trials are no part of it.

    Args:
        x: positions, (n,).
        yes: trials that met the condition, (n,).
        no: trials that did not, (n,).

    Raises:
        NTPDataError: fewer than two positions with trials, or no "no" at a smaller position than some "yes",
            without which the likelihood has no maximum; widen or refine the grid.
        DidNotConvergeError: the optimiser stopped early, or found a rise instead of a fall.
    """
    x, yes, no = (np.asarray(values, dtype=np.float64) for values in (x, yes, no))
    if len(np.unique(x[yes + no > 0])) < 2:
        raise NTPDataError("a transition needs trials at two positions at least")
    if x[yes > 0].size == 0 or x[no > 0].size == 0 or x[yes > 0].max() <= x[no > 0].min():
        raise NTPDataError("the outcomes do not overlap: add positions near the transition, or more trials")
    origin, scale = float(np.average(x, weights=yes + no)), float(np.ptp(x))

    def loss(coefficients: Floats) -> tuple[float, Floats]:
        argument = coefficients[0] + coefficients[1] * (x - origin) / scale
        slope = (yes + no) * expit(argument) - yes
        value = -(yes @ log_expit(argument) + no @ log_expit(-argument))
        return float(value), np.array([slope.sum(), slope @ (x - origin) / scale])

    found = minimize(loss, np.array([0.0, -1.0]), jac=True, method="BFGS", options={"gtol": 1e-8, "maxiter": 500})
    # BFGS may stop for lack of precision at the optimum; the slope there decides.
    if np.abs(loss(found.x)[1]).max() > 1e-5 * (yes + no).sum() or found.x[1] >= 0:
        raise DidNotConvergeError(f"no falling logistic curve was fitted: {found.message}")
    intercept, steepness = found.x
    argument = intercept + steepness * (x - origin) / scale
    weight, u = (yes + no) * expit(argument) * expit(-argument), (x - origin) / scale
    information = np.array([[weight.sum(), weight @ u], [weight @ u, weight @ u**2]])
    # The centre is −intercept/steepness in units of u.
    gradient = np.array([-1 / steepness, intercept / steepness**2])
    variance = float(gradient @ np.linalg.solve(information, gradient))
    centre = origin - scale * intercept / steepness
    return Transition(float(centre), scale * variance**0.5, float(-scale / steepness))


@dataclass(frozen=True)
class Extrapolation:
    """A weighted straight line centre = limit + slope · d^{−power}.

    Attributes:
        limit: the value for infinite d.
        standard_error: of the limit, from the errors of the points alone.
        slope: of the line.
        chi_squared: Σ ((point − line)/error)².
        degrees_of_freedom: points − 2.
        power: of 1/d.
    """

    limit: float
    standard_error: float
    slope: float
    chi_squared: float
    degrees_of_freedom: int
    power: float


def extrapolate(
    dims: npt.ArrayLike, centres: npt.ArrayLike, errors: npt.ArrayLike, *, power: float
) -> Extrapolation:
    """Extrapolate 50 % points to infinite dimension by weighted least squares in d^{−power}.

    Args:
        dims: d, at least three different ones, (n,).
        centres: 50 % points, (n,).
        errors: their standard errors, (n,).
        power: 1 for corrections of order 1/d, 1/2 for 1/√d.

    Raises:
        NTPDataError: fewer than three dimensions, or an error that is not positive.
    """
    dims, centres, errors = (np.asarray(values, dtype=np.float64) for values in (dims, centres, errors))
    if len(np.unique(dims)) < 3:
        raise NTPDataError(f"{len(np.unique(dims))} dimensions; a line with a test of its fit needs three")
    if not (errors > 0).all():
        raise NTPDataError("a standard error is not positive")
    design = np.column_stack([np.ones_like(dims), dims**-power]) / errors[:, None]
    coefficients = np.linalg.lstsq(design, centres / errors, rcond=None)[0]
    covariance = np.linalg.inv(design.T @ design)
    misfit = float(((design @ coefficients - centres / errors) ** 2).sum())
    limit, slope = map(float, coefficients)
    return Extrapolation(limit, float(covariance[0, 0] ** 0.5), slope, misfit, len(dims) - 2, power)
