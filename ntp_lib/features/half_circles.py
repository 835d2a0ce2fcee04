"""Windows of k words on a circle of 2k + 1: supports with many max-margin matrices exactly for even k."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.optimize

from ntp_lib.errors import NTPDataError
from ntp_lib.features.families import windows
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.numbers import real_number, real_numbers, whole_number

# Log-odds whose odd part is below this share of them are taken for symmetric.
SYMMETRIC = 1e-12


def half_circle(size: int) -> Bools:
    """The supports {j, …, j + k − 1} modulo 2k + 1, (2k + 1, 2k + 1)."""
    size = whole_number(size, "size", least=1)
    return windows(2 * size + 1, size)


def half_circle_polar(size: int) -> Floats:
    """The polar factor of the proxy, (V, V): (1 + 1/cos θ)/V at the angle θ from the middle of a support.

    Example:
        >>> half_circle_polar(1).round(3).tolist()[0]
        [0.667, -0.333, -0.333]
    """
    size = whole_number(size, "size", least=1)
    return _circulant((1 + 1 / np.cos(_angles(size))) / (2 * size + 1))


def largest_extra(size: int) -> float:
    """t_V = 1/(2 cos(π/V)), V = 2k + 1: up to here Λ_t has least norm, for even k.

    Raises:
        NTPDataError: an odd size, where the proxy is the only one.
    """
    return float(1 / (2 * np.cos(np.pi / (2 * _even(size) + 1))))


def half_circle_logits(size: int, extra: float) -> Floats:
    """Λ_t: margin 1 off the supports and 1 + t at the token opposite to each, rows centred, (V, V).

    Args:
        size: k, even.
        extra: t, at least 0.
    """
    opposite = _even(size) * 3 // 2
    row = np.where(np.arange(2 * size + 1) < size, 0.0, -1.0)
    row[opposite] -= real_number(extra, "extra", least=0)
    return _circulant(row - row.mean())


def chosen_extra(log_odds: Sequence[float]) -> float:
    """The t of the matrix to which vanishing weight decay turns, for probabilities that turn with the windows.

    It is t_V where the log-odds are symmetric about the middle of the support, and otherwise the least point of a
    convex function (book, thm-half-circles-chosen).

    Args:
        log_odds: log p̂ of the k tokens of a support in their order, up to a constant; k even.

    Raises:
        NTPDataError: an odd number of them, or one that is not finite.

    Example:
        >>> round(chosen_extra([1.0, -1.0, 1.0, -1.0]), 4), chosen_extra([2.0, 1.0])
        (0.3553, 0.0)
    """
    odds = real_numbers(log_odds, "log_odds")
    size = _even(len(odds), "the number of log_odds")
    top = largest_extra(size)
    odd = (odds - odds[::-1]) / 2
    if np.abs(odd).max() <= SYMMETRIC * np.abs(odds).max():
        return top
    orders = np.arange(1, size + 1)
    half = np.pi * orders / (2 * (2 * size + 1))
    sigma = np.where(orders % 2 == 1, 1 / (2 * np.sin(half)), 1 / (2 * np.cos(half)))
    sign = np.where(np.isin(orders % 4, (0, 1)), 1.0, -1.0)
    h = np.sin(np.outer(orders, _angles(size)[:size])) @ odd
    h[np.abs(h) < SYMMETRIC * np.abs(odds).max()] = 0.0

    def slope(t: float) -> float:
        kept = h != 0
        return float(-(sign * h**2)[kept] @ (sigma + sign * t)[kept] ** -2.0)

    last = top * (1 - 1e-12) if h[1] else top
    if slope(0.0) >= 0:
        return 0.0
    return top if slope(last) <= 0 else float(scipy.optimize.brentq(slope, 0.0, last))


def _even(size: int, name: str = "size") -> int:
    size = whole_number(size, name, least=2)
    if size % 2:
        raise NTPDataError(f"{name} is {size}; it must be even, for windows of an odd size have one matrix only")
    return size


def _angles(size: int) -> Floats:
    """θ of the tokens j, j + 1, … from the middle of the support of j, (V,)."""
    V = 2 * size + 1
    return np.asarray(2 * np.pi * (np.arange(V) - (size - 1) / 2) / V)


def _circulant(row: Floats) -> Floats:
    return np.array([np.roll(row, j) for j in range(len(row))])
