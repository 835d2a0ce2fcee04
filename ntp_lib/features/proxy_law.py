"""How far random supports are from their proxy when contexts and tokens are many (book, the proxy law; heuristic).

The least-norm logits of random supports are the fixed point of two estimators that disagree: one thresholds
singular values, the other projects rows onto ties and margins. If what each hands to the other is taken for
independent Gaussian noise, a fixed point is one equation for the size τ of that noise, with expectations over a
normal variable on one side and over the law of Marchenko and Pastur on the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize
import scipy.special

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_number
from ntp_lib.numerics.results import result

NODES = 4000
# Near full rank the equation is flat below its root and changes sign by rounding: the last change counts, and
# values that are smaller than this share of the second moment count as zero.
LEVELS = (0.01, 3.0, 120)
RESOLVED = 1e-10


@result
class ProxyLaw:
    """What the law predicts for supports of m contexts among V tokens.

    Attributes:
        norm_ratio: nuclear norm of the proxy S̃ over the least one, at least 1.
        cosine: of S̃ with L^mm.
        slack: share of all pairs of a context and a token whose margin is above one.
        rank: rank of L^mm over min(m, V).
        level: τ, the size of the noise at the fixed point, in units of the margin.
    """

    norm_ratio: float
    cosine: float
    slack: float
    rank: float
    level: float


@dataclass(frozen=True)
class _Rows:
    """The estimator of rows at one level: tie value c, divergence, second moment, E min(τg, c − 1)."""

    tie: float
    divergence: float
    square: float
    off: float


def proxy_law(ratio: float, density: float) -> ProxyLaw:
    """Predict L^mm for m contexts with exchangeable supports of density·V tokens, in the limit of large V.

    For a level τ, with g standard normal, p the density and γ the ratio, rows give c from
    p c = (1−p) E(τg − c + 1)₊, the divergence α = (1−p) Φ((c−1)/τ), the second moment
    y = p c² + (1−p) E min(τg, c−1)² and v = (y − α²τ²)/(1−α)². With σ from the Marchenko–Pastur law of singular
    values and q = min(γ, 1)/γ, the threshold θ solves q E(√v σ − θ)₊ √v σ = v (1−α), and τ is the root of
    q E(√v σ − θ)₊² = y. Derived, not proved: the two noises are taken as independent.

    Args:
        ratio: γ = m/V, positive; γ and 1/γ give the same prediction.
        density: p, the mean size of a support over V, strictly between 0 and 1.

    Raises:
        NTPDataError: a ratio or a density out of range, or so close to its bounds that no root is resolved: S̃ and
            L^mm agree to more digits than the quadrature has, or supports are too sparse.

    Example:
        >>> law = proxy_law(1, 0.2)
        >>> round(law.norm_ratio, 4), round(law.cosine, 3), round(law.slack, 3)
        (1.0237, 0.975, 0.223)
    """
    ratio = real_number(ratio, "ratio", above=0)
    density = real_number(density, "density", above=0, below=1)
    sizes, weights = marchenko_pastur(min(ratio, 1 / ratio))
    level = _fixed_point(density, sizes, weights)
    if level is None:
        raise NTPDataError(
            f"ratio {ratio:g} with density {density:g}: the law's equation has no root that {NODES} nodes "
            "resolve; take a ratio nearer to 1 or a density nearer to 0.3"
        )
    return _prediction(level, density, sizes, weights)


def marchenko_pastur(ratio: float, nodes: int = NODES) -> tuple[Floats, Floats]:
    """Quadrature for the singular values of an m × V matrix of independent unit entries over √V, m = ratio·V.

    The midpoint rule in the angle φ of σ² = 1 + γ + 2√γ cos φ, where the density is smooth.

    Args:
        ratio: γ = m/V, positive.
        nodes: number of values.

    Returns:
        The min(m, V) nonzero singular values' law as values and weights that sum to one, each of shape (nodes,).
    """
    angle = (np.arange(nodes) + 0.5) * np.pi / nodes
    squares = 1 + ratio + 2 * np.sqrt(ratio) * np.cos(angle)
    weights = np.sin(angle) ** 2 / squares
    return np.sqrt(squares), weights / weights.sum()


def _fixed_point(density: float, sizes: Floats, weights: Floats) -> float | None:
    """The last level at which the equation changes its sign; None if there is none."""
    levels = np.geomspace(*LEVELS)
    values = np.array([_mismatch(level, density, sizes, weights) for level in levels])
    small = RESOLVED * np.array([_rows(level, density).square for level in levels])
    above = np.flatnonzero(values > small)
    if not len(above) or not (values[above[-1] + 1 :] < -small[above[-1] + 1 :]).any():
        return None
    low = above[-1]
    high = low + 1 + np.flatnonzero(values[low + 1 :] < -small[low + 1 :])[0]
    found = scipy.optimize.brentq(_mismatch, levels[low], levels[high], args=(density, sizes, weights), xtol=1e-12)
    return float(found)


def _rows(level: float, density: float) -> _Rows:
    def balance(tie: float) -> float:
        at = (tie - 1) / level
        return (1 - density) * level * (_bump(at) - at * _above(at)) - density * tie

    tie = float(scipy.optimize.brentq(balance, 0.0, 1 + level / density, xtol=1e-14))
    at = (tie - 1) / level
    below = float(scipy.special.ndtr(at))
    truncated = (tie - 1) ** 2 * _above(at) + level**2 * (below - at * _bump(at))
    return _Rows(
        tie,
        (1 - density) * below,
        density * tie**2 + (1 - density) * truncated,
        (tie - 1) * _above(at) - level * _bump(at),
    )


def _bump(x: float) -> float:
    return float(np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi))


def _above(x: float) -> float:
    return float(scipy.special.ndtr(-x))


def _threshold(rows: _Rows, level: float, sizes: Floats, weights: Floats) -> tuple[Floats, float]:
    """Singular values √v σ of the matrix side, and its threshold θ, so that the divergences sum to one."""
    variance = (rows.square - (rows.divergence * level) ** 2) / (1 - rows.divergence) ** 2
    scaled = sizes * np.sqrt(variance)
    whole = weights @ scaled**2

    def excess(theta: float) -> float:
        return float(weights @ (np.maximum(scaled - theta, 0) * scaled) / whole) - 1 + rows.divergence

    if rows.divergence < 1e-14:
        return scaled, 0.0
    return scaled, float(scipy.optimize.brentq(excess, 0.0, float(scaled.max()), xtol=1e-15))


def _mismatch(level: float, density: float, sizes: Floats, weights: Floats) -> float:
    """Second moment of the matrix side minus that of the rows."""
    rows = _rows(level, density)
    scaled, theta = _threshold(rows, level, sizes, weights)
    return float(weights @ np.maximum(scaled - theta, 0) ** 2) - rows.square


def _prediction(level: float, density: float, sizes: Floats, weights: Floats) -> ProxyLaw:
    rows = _rows(level, density)
    scaled, theta = _threshold(rows, level, sizes, weights)
    spread: Any = np.sqrt(density * (1 - density))
    overlap = density * (1 - density) * (rows.tie - rows.off)
    return ProxyLaw(
        norm_ratio=float(spread * (weights @ sizes) / (weights @ np.maximum(scaled - theta, 0))),
        cosine=float(overlap / (np.sqrt(rows.square) * spread)),
        slack=rows.divergence,
        rank=float(weights[scaled > theta].sum()),
        level=level,
    )
