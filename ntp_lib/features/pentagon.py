"""Five words on a circle, two neighbours after each context: supports with many max-margin matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy.optimize

from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.features.families import windows
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.numbers import real_number, real_numbers

GOLDEN = float((1 + np.sqrt(5)) / 2)
# What the nuclear norm of all Λ_t with 0 ≤ t ≤ 1/φ is.
NORM = float(2 * np.sqrt(5))
SIN36, SIN72 = float(np.sin(np.pi / 5)), float(np.sin(2 * np.pi / 5))
# Below e^-40 a penalty is under the rounding of one plus it; above e^-5 the paths are not computed.
UNDER_ROUNDING, LEAST = 40.0, 5.0


def pentagon() -> Bools:
    """The supports {j, j + 1 mod 5}, (5, 5)."""
    return windows(5, 2)


def pentagon_logits(extra: float) -> Floats:
    """Λ_t: margin 1 at the two neighbours of a support and 1 + t opposite to it, rows centred, (5, 5).

    For 0 ≤ t ≤ 1/φ these are the logits of least nuclear norm, 2√5 (book, thm-pentagon).

    Args:
        extra: t, at least 0.

    Example:
        >>> from ntp_lib.features.nuclear_margin import nuclear_norm
        >>> [float(round(nuclear_norm(pentagon_logits(t)), 4)) for t in (0, 0.5, 0.7)]
        [4.4721, 4.4721, 4.8]
    """
    extra = real_number(extra, "extra", least=0)
    row = np.array([0.0, 0.0, -1.0, -1.0 - extra, -1.0])
    L = np.array([np.roll(row, j) for j in range(5)])
    return np.asarray(L - L.mean(axis=1)[:, None])


def extra_margin(L: Floats) -> Floats:
    """The margin opposite to each support over the mean of those at its neighbours, minus one: t of Λ_t, (5,).

    Args:
        L: logits of the pentagon, (5, 5).

    Raises:
        NTPDataError: a matrix of another shape.
    """
    if np.shape(L) != (5, 5):
        raise NTPDataError(f"L has shape {np.shape(L)}; logits of the pentagon are (5, 5)")
    turned = np.array([np.roll(row, -j) for j, row in enumerate(L)])
    margins = turned[:, :2].mean(axis=1)[:, None] - turned
    return np.asarray(margins[:, 3] / margins[:, [2, 4]].mean(axis=1) - 1)


def pentagon_points(extra: float) -> pd.DataFrame:
    """Balanced factors of Λ_t in the two planes that its supports' symmetry leaves fixed.

    Args:
        extra: t, at most 1/φ.

    Returns:
        plane: 1, of singular value φ + t, or 2, of singular value 1/φ − t.
        kind: word or context.
        name: number of the word, or of the two words of the context's support.
        x, y: coordinates.
    """
    extra = real_number(extra, "extra", least=0, most=1 / GOLDEN + 1e-12)
    rows = []
    for plane, sigma in ((1, GOLDEN + extra), (2, max(1 / GOLDEN - extra, 0.0))):
        radius = np.sqrt(2 * sigma / 5)
        for kind, shift in (("word", 0.0), ("context", 0.5)):
            for j in range(5):
                turn = np.pi / 2 - 2 * np.pi * plane * (j + shift) / 5
                name = str(j + 1) if kind == "word" else f"{j + 1}{(j + 1) % 5 + 1}"
                rows.append((plane, kind, name, radius * np.cos(turn), radius * np.sin(turn)))
    return pd.DataFrame(rows, columns=["plane", "kind", "name", "x", "y"])


def pentagon_path(log_odds: float, log_penalties: Sequence[float]) -> pd.DataFrame:
    """The minimisers of CE(Λ) + λ‖Λ‖_* for the pentagon, in variables that stay of size one as λ falls.

    By symmetry Λ is circulant: in-support difference a, margins R ± b/2 at the neighbours and R + u opposite. With
    R = log(1/λ) + ρ stationarity is three equations (book, thm-pentagon-probabilities). The difference
    a is held at the log-odds, from which that of the minimiser is O(λ) away (book, prop-softmax-bound).

    Args:
        log_odds: log p̂_jj − log p̂_j,j+1, the same for every context.
        log_penalties: log(1/λ), from 5 upwards and increasing; λ itself may be below the range of numbers.

    Returns:
        log_penalty, R, skew b, excess u, extra t = u/R, and predicted, 2 log(R/|a|)/R, or 1/φ where a = 0.

    Raises:
        NTPDataError: log-odds that are no number, or log-penalties out of order or range.
        DidNotConvergeError: the equations were not solved.
    """
    a = abs(real_number(log_odds, "log_odds"))
    logs = real_numbers(log_penalties, "log_penalties")
    if logs[0] < LEAST or any(np.diff(logs) <= 0):
        raise NTPDataError(
            f"log_penalties are {logs.tolist()}; these values of log(1/λ) must increase from at least {LEAST:g}"
        )
    rows = []
    for log in logs:
        rho, b, u = _even(float(log)) if a == 0 else _uneven(a, float(log))
        R = float(log) + rho
        predicted = 1 / GOLDEN if a == 0 else 2 * np.log(R / a) / R
        rows.append((float(log), R, b if log_odds >= 0 else -b, u, u / R, predicted))
    return pd.DataFrame(rows, columns=["log_penalty", "R", "skew", "excess", "extra", "predicted"])


def _mass(rho: float, b: float, u: float) -> float:
    """Weight off the support, in units of λ times the weight of the in-support mean logit."""
    return float(np.exp(-rho) * (2 * np.cosh(b / 2) + np.exp(-u)))


def _penalised(a: float, log: float, rho: float, b: float, u: float) -> float:
    """Weight of the support and, where rounding does not swallow it, of what is off it."""
    inside = 2 * np.cosh(a / 2)
    return float(inside + (np.exp(-log) * _mass(rho, b, u) if log < UNDER_ROUNDING else 0.0))


def _even(log: float) -> tuple[float, float, float]:
    """Equal odds: on the ridge of the norm where the second pair of singular values is zero, u = R/φ."""

    def slope(rho: float) -> float:
        far = np.exp(-(log + rho) / GOLDEN)
        pull = np.exp(-rho) * (2 + (1 + 1 / GOLDEN) * far)
        return float(pull / _penalised(0.0, log, rho, 0.0, (log + rho) / GOLDEN) - 2 * (GOLDEN + 1 / GOLDEN))

    rho = float(scipy.optimize.brentq(slope, -4.0, 3.0, xtol=1e-14))
    return rho, 0.0, (log + rho) / GOLDEN


def _uneven(a: float, log: float) -> tuple[float, float, float]:
    """Stationarity in R, b and u; all terms are of size one, so that logarithms of both sides are compared."""

    def equations(z: Floats) -> Floats:
        rho, b, u = (float(x) for x in z)
        g = GOLDEN * (log + rho) + u, (log + rho) / GOLDEN - u
        h = -a * SIN36 + b * SIN72, -a * SIN72 - b * SIN36
        length = np.hypot(g[0], h[0]), np.hypot(g[1], h[1])
        # 1 − g/length without cancellation where g is positive.
        short = [
            hi**2 / (li * (li + gi)) if gi > 0 else 1 - gi / li for gi, hi, li in zip(g, h, length, strict=True)
        ]
        total = 2 * _penalised(a, log, rho, b, u)
        forward = total * (GOLDEN * (1 - short[0]) + (1 - short[1]) / GOLDEN)
        sideways = total * (h[0] / length[0] * SIN72 - h[1] / length[1] * SIN36)
        return np.array([
            np.log(_mass(rho, b, u)) - np.log(forward),
            np.sinh(b / 2) * np.exp(-rho) + sideways,
            -rho - u - np.log(total) - np.log(max(short[1] - short[0], 1e-300)),
        ])  # fmt: skip

    inside = 2 * np.cosh(a / 2)
    start = np.array([-np.log(np.sqrt(5) * inside), 0.0, max(2 * np.log(max(log, 2 * a) / a), 0.5)])
    found = scipy.optimize.root(equations, start, method="hybr", options={"xtol": 1e-13})
    if not np.abs(equations(found.x)).max() < 1e-8:
        raise DidNotConvergeError(f"the pentagon at log-odds {a:g} and λ = e^-{log:g} was not solved")
    rho, b, u = (float(x) for x in found.x)
    return rho, b, u
