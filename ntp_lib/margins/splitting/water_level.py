"""The projection of every row onto its cone: a clip at a water level (book, lem-water-level)."""

from __future__ import annotations

from typing import Any

Array = Any  # of the library whose functions are given


def clipped(
    xp: Any, point: Array, level: Array, floor: Array, *, steps: int, weights: Array | None = None
) -> tuple[Array, Array]:
    """What lies between a point and its projection, by Newton's method for the levels.

    The cone of row j is {x: x_z = c on S_j, x_v ≤ c off S_j, c any number}. The level c is the root of
    Σ_{z∈S_j} k_z (x_z − c) + Σ_{v∉S_j} k_v (x_v − c)₊ = 0, a convex function of c, so that Newton's method ends at
    it after finitely many steps; what is taken away is x_z − c on the support and (x_v − c)₊ off it. The nearest
    point is meant in the norm Σ_v k_v x_v².

    Args:
        xp: functions of the arrays' library.
        point: x, (m, V).
        level: where the levels start, (m, 1).
        floor: −∞ on the supports, 0 off them, (m, V).
        steps: of Newton's method at most; it ends by itself at the roots.
        weights: k, positive, (V,); None for ones.

    Returns:
        The levels after the last step, (m, 1), and what is taken away at them, (m, V).
    """
    last = None
    for _ in range(steps):
        above = point - level
        over, cut = above > floor, xp.maximum(above, floor)
        if weights is None:
            active, total = xp.count_nonzero(over, axis=1, keepdims=True), xp.sum(cut, axis=1, keepdims=True)
        else:
            zero = xp.zeros_like(weights)
            active = xp.sum(xp.where(over, weights, zero), axis=1, keepdims=True)
            total = xp.sum(cut * weights, axis=1, keepdims=True)
        level = level + total / active
        # As many tokens above a level as before are the same ones: it is the root.
        if last is not None and bool(xp.all(active == last)):
            break
        last = active
    return level, xp.maximum(point - level, floor)
