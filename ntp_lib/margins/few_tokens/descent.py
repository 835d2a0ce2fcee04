"""Newton's method on the squared distance of the logits from the cones: a direction, or a certificate.

f(W) = ½ Σ_j dist²(W ĥ_j + s_j, K_j), with s_j = 1 off the supports and 0 on them, is convex and made of quadratic
pieces, so it has a minimiser. Its gradient is Rᵀ·rows with R the residuals: rows sum to zero, none is negative off
the supports. Where the least value is not zero, −R at the minimiser is a certificate; where it is, the minimiser
is a direction (book, prop-distance). On one piece Newton's equations are exact, and few pieces are visited.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from ntp_lib.margins.few_tokens.cones import Cones
from ntp_lib.margins.few_tokens.newton_step import MAX_GRAM_CONTEXTS, newton_step
from ntp_lib.numerics.aliases import Bools, Floats

MAX_STEPS = 100
# Margin of unit decoders on unit embeddings that a certificate may leave: a tenth of what verification allows.
EXCLUDED = 1e-14
# Spread of the ties of a direction, relative to its margin.
SPREAD = 1e-10
# The slope along a step, relative to that at its beginning, at which the step is long enough.
FLAT = 0.1
# What is rounding in it, relative to the norms of its factors.
ROUNDING = 1e-14
# Where a step promises less than this share of f, f has no more digits to give.
SETTLED = 1e-28
# The ridge of Newton's equations, relative to their diagonal: usually, and how it grows after a step this short.
RIDGE, RIDGE_GROWTH, SHORT = 1e-10, 1e3, 1e-3
MAX_DOUBLINGS, MAX_BISECTIONS = 40, 30


@dataclass(frozen=True, eq=False)
class Descent:
    """How a descent ended.

    Attributes:
        certificate: −R where no decoder separates, (n, K).
        direction: W where one does, (K, d).
        excluded: the margin that the best residuals leave possible, per unit of ‖W‖.
        steps: of Newton's method.
    """

    certificate: Floats | None
    direction: Floats | None
    excluded: float
    steps: int


def descend(rows: Floats, support: Bools, *, deadline: float = np.inf) -> Descent:
    """Descend from W = 0.

    Args:
        rows: unit embeddings, (n, d).
        support: of every context, no row empty, (n, K).
        deadline: value of `time.monotonic` at which the descent ends without an answer.
    """
    cones = Cones(support)
    W, points, excluded = np.zeros((support.shape[1], rows.shape[1])), (~support).astype(float), np.inf
    ridge, gram = RIDGE, None
    if support.shape[1] > 2 and len(rows) <= MAX_GRAM_CONTEXTS:
        gram = rows @ rows.T
    for step in range(MAX_STEPS):
        if step and _separates(points, cones):
            return Descent(None, W, excluded, step)
        residual = cones.residual(points)
        gradient = residual.T @ rows
        gradient -= gradient.mean(axis=0)
        mass = float(residual[cones.off].sum())
        excluded = min(excluded, float(np.linalg.norm(gradient)) / mass if mass > 0 else np.inf)
        if excluded <= EXCLUDED:
            return Descent(-residual, None, excluded, step)
        if time.monotonic() >= deadline:
            break
        pinned = cones.pinned(residual)
        change = newton_step(rows, pinned, gradient, ridge=ridge, gram=gram, deadline=deadline)
        along, slope = rows @ change.T, float(np.vdot(gradient, change))
        if abs(slope) <= SETTLED * float(np.vdot(residual, residual)):
            break
        length = _length(cones, points, along, slope)
        # A step that ends where it begins was taken on a piece without curvature.
        ridge = RIDGE if length > SHORT else min(RIDGE_GROWTH * ridge, 1.0)
        W = W + length * change
        points = rows @ W.T + cones.off
    return Descent(None, None, excluded, step)


def _separates(points: Floats, cones: Cones) -> bool:
    """Whether all margins are positive, and ties exact beside them."""
    lowest = np.where(cones.support, points, np.inf).min(axis=1)
    margins = 1 + lowest - np.where(cones.off, points, -np.inf).max(axis=1)
    spreads = np.where(cones.support, points, -np.inf).max(axis=1) - lowest
    least = float(margins.min())
    return least > 0 and bool(np.all(spreads <= SPREAD * least))


def _length(cones: Cones, points: Floats, along: Floats, first: float) -> float:
    """Where the slope along the step is nearly zero: at one, as a rule."""

    def slope(t: float) -> float:
        return float(np.vdot(cones.residual(points + t * along), along))

    rounding = ROUNDING * float(np.linalg.norm(cones.residual(points)) * np.linalg.norm(along))
    flat = max(FLAT * abs(first), rounding)
    low, high = 0.0, 1.0
    for _ in range(MAX_DOUBLINGS):
        now = slope(high)
        if abs(now) <= flat:
            return high
        if now > 0:
            break
        low, high = high, 2 * high
    for _ in range(MAX_BISECTIONS):
        middle = (low + high) / 2
        now = slope(middle)
        if abs(now) <= flat:
            return middle
        low, high = (low, middle) if now > 0 else (middle, high)
    return low
