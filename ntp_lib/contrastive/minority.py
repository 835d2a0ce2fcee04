"""When two small classes end in one point: a condition in one number (book, thm-contrastive-minority).

Sizes are Rs, Rs, s, s. By symmetry the programme of the classes has three numbers, and two on the face where the
small classes coincide: p = τ + M_12, and M_13 = −√(2τp)/2. The minimum of the face is the minimum of all if and
only if moving the small classes apart does not pay, which the slack below says.
"""

from __future__ import annotations

import numpy as np
import scipy.optimize

from ntp_lib.contrastive.unconstrained import checked_squared_length
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_number, whole_number
from ntp_lib.numerics.results import result

# Where the ratio of sizes is looked for.
SMALLEST_RATIO, LARGEST_RATIO = 1.0, 1e12


@result
class MinorityFace:
    """The minimum with the two small classes in one point.

    Attributes:
        cosine: of the two large classes there.
        slack: R² times the multiplier of the face; the small classes coincide at the minimum of all if and only if
            it is not negative.
    """

    cosine: float
    slack: float


def minority_face(ratio: float, squared_length: float, *, small: float = 2.0) -> MinorityFace:
    """Minimise on the face and say whether this is the minimum of all.

    Args:
        ratio: R, at least 1; it need not make Rs a whole number.
        squared_length: τ.
        small: s, the size of a small class, at least 2.

    Raises:
        NTPDataError: a number out of range.
    """
    ratio = real_number(ratio, "ratio", least=SMALLEST_RATIO, most=LARGEST_RATIO)
    tau = checked_squared_length(squared_length)
    small = real_number(small, "small", least=2)
    top = np.sqrt(2 * tau)

    def balance(u: float) -> float:
        D_12, D_13, _ = _slopes(u, ratio, tau, small)
        return float(np.log(u * D_12) - np.log(top * D_13))

    low = top * 1e-16
    u = top if balance(top) <= 0 else float(scipy.optimize.brentq(balance, low, top, xtol=1e-300, rtol=1e-14))
    _, D_13, D_34 = _slopes(u, ratio, tau, small)
    return MinorityFace(u**2 / tau - 1, float(2 * ratio**2 * (D_13 * u / top - D_34)))


def collapse_ratio(squared_length: float, *, small: float = 2.0) -> float:
    """A ratio R at which the slack changes from negative to positive: from there on the small classes coincide.

    That the slack has one change of sign is not proved.

    Raises:
        NTPDataError: a number out of range, or no change of sign below R = 1e12.

    Example:
        >>> 100 < collapse_ratio(1.0) < 200
        True
    """
    tau = checked_squared_length(squared_length)

    def slack(log_ratio: float) -> float:
        return minority_face(float(np.exp(log_ratio)), tau, small=small).slack

    grid: Floats = np.linspace(0.0, np.log(LARGEST_RATIO) - 1e-9, 200)
    positive = np.array([slack(float(x)) > 0 for x in grid])
    if positive[0] or not positive[-1]:
        raise NTPDataError(
            f"squared_length is {tau:g}; its small classes do not begin to coincide at R between 1 and 1e12"
        )
    last = int(np.flatnonzero(~positive)[-1])
    return float(np.exp(scipy.optimize.brentq(slack, grid[last], grid[last + 1], xtol=1e-12)))


def limiting_slack(squared_length: float) -> float:
    """Limit of the slack as R → ∞, e^τ (cosh τ − 1)²/(8 cosh τ): positive for every τ."""
    tau = checked_squared_length(squared_length)
    cosh = np.cosh(tau)
    return float(np.exp(tau) * (cosh - 1) * ((cosh - 1) / (8 * cosh)))


def limiting_cosine(num_large: int, squared_length: float) -> float:
    """Cosine that small classes tend to among A large ones as R → ∞ (book, rem-contrastive-more; derived).

    The smaller of 1 and log(A Z (e^{−τ}/Z + 1/A)²/(4E))/τ with E = e^{−τA/(A−1)} and Z = 1 + (A − 1) E.

    Raises:
        NTPDataError: fewer than two large classes, or a squared length out of range.

    Example:
        >>> limiting_cosine(2, 1.0)
        1.0
        >>> round(limiting_cosine(3, 1.0), 3)
        0.518
    """
    A = whole_number(num_large, "num_large", least=2)
    tau = checked_squared_length(squared_length)
    E = np.exp(-tau * A / (A - 1))
    Z = 1 + (A - 1) * E
    return min(1.0, float(np.log(A * Z * (np.exp(-tau) / Z + 1 / A) ** 2 / (4 * E)) / tau))


def _slopes(u: float, ratio: float, tau: float, small: float) -> tuple[float, float, float]:
    """D_12, D_13 and D_34 of the programme at p = u², M_13 = −u√(2τ)/2 and M_34 = τ."""
    near = np.exp(-u * np.sqrt(2 * tau) / 2 - tau)
    across = np.exp(u**2 - 2 * tau)
    large_sum = ratio * small - 1 + ratio * small * across + 2 * small * near
    small_sum = 2 * small - 1 + 2 * ratio * small * near
    share_large, share_small = ratio / (2 * (ratio + 1)), 1 / (2 * (ratio + 1))
    D_12 = share_large * ratio * small * across / large_sum
    D_13 = (share_large * small * near / large_sum + share_small * ratio * small * near / small_sum) / 2
    return float(D_12), float(D_13), float(share_small * small / small_sum)
