"""Local minima of the contrastive loss over features that are not global (book, prop-contrastive-trap)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ntp_lib.contrastive.unconstrained import checked_squared_length
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_number, real_numbers, whole_number

CROSS_LABELS = np.array([0, 0, 1, 1])


def line_curvature(num_features: int, place: float) -> float:
    """By how much the loss rises at least beside a line's single point, per squared distance.

    All n features on a line are s. If they move by x with mean zero, the loss exceeds log(n − 1) by
    (½ s² (n−2)/(n−1) − 1)/(n − 1) times ‖x‖² at least, up to cubes; where this is positive the point is a local
    minimum.

    Args:
        num_features: n, at least 4.
        place: s.

    Example:
        >>> line_curvature(4, 3.0) > 0 > line_curvature(4, 1.0)
        True
    """
    n = whole_number(num_features, "num_features", least=4)
    place = real_number(place, "place")
    return (place**2 * (n - 2) / (2 * (n - 1)) - 1) / (n - 1)


def cross(squared_length: float, turns: Sequence[float] = (0.0, 0.0, 0.0, 0.0)) -> Floats:
    """Two classes of two features on two perpendicular lines, (4, 2), with labels `CROSS_LABELS`.

    Args:
        squared_length: τ, of every feature.
        turns: A, a, B, b: the angles of the first class change by A ± a and those of the second by B ± b.

    Example:
        >>> cross(4.0).round(6).tolist()
        [[2.0, 0.0], [-2.0, 0.0], [0.0, 2.0], [-0.0, -2.0]]
    """
    A, a, B, b = _four(turns)
    angles = np.array([A + a, np.pi + A - a, np.pi / 2 + B + b, 3 * np.pi / 2 + B - b])
    root = np.sqrt(checked_squared_length(squared_length))
    return np.asarray(root * np.stack([np.cos(angles), np.sin(angles)], axis=1))


def cross_rise(squared_length: float, turns: Sequence[float]) -> float:
    """By how much the loss of a turned cross exceeds τ + log(2 + e^−τ) at least, up to cubes of the angles, nats.

    (2τ²(A − B)² + (τ² − 4τ)(a² + b²)) / (4 + 2e^−τ): positive for τ > 4 but for rotations of the whole.

    Args:
        squared_length: τ.
        turns: A, a, B, b as in `cross`.
    """
    tau = checked_squared_length(squared_length)
    A, a, B, b = _four(turns)
    return float((2 * tau**2 * (A - B) ** 2 + (tau**2 - 4 * tau) * (a**2 + b**2)) / (4 + 2 * np.exp(-tau)))


def _four(turns: Sequence[float]) -> Floats:
    angles = real_numbers(turns, "turns")
    if len(angles) != 4:
        raise NTPDataError(f"turns has {len(angles)} entries; A, a, B, b are needed")
    return angles
