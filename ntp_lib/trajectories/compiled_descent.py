"""The loop of `GramDescent` for one decoder: numba compiles it when this module is imported, or loads it."""

from __future__ import annotations

import numpy as np

from ntp_lib.loss.slope import UNSHIFTED_NORM
from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.compiled import compiled
from ntp_lib.trajectories.optimisers import SAFE_LENGTH

SAFE_SQUARE, UNSHIFTED_SQUARE = SAFE_LENGTH**2, UNSHIFTED_NORM**2

_ARRAY, _VECTOR, _INTEGERS = "float64[:, ::1]", "float64[::1]", "int64[::1]"


@compiled(f"void({_ARRAY}, {_VECTOR})", fastmath={"contract", "nsz"})
def _shift(logits: Floats, top: Floats) -> None:
    """ℓ ↦ ℓ − max over tokens, (V, m), in place."""
    V, m = logits.shape
    for j in range(m):
        top[j] = logits[0, j]
    for v in range(1, V):
        for j in range(m):
            top[j] = max(top[j], logits[v, j])
    for v in range(V):
        for j in range(m):
            logits[v, j] -= top[j]


@compiled(
    f"void({_ARRAY}, {_ARRAY}, {_ARRAY}, {_VECTOR}, {_INTEGERS}, {_INTEGERS}, {_VECTOR}, {_VECTOR})",
    fastmath={"contract", "nsz"},
)
def residuals(
    logits: Floats,
    out: Floats,
    weighted_probs: Floats,
    context_probs: Floats,
    alone: Ints,
    tokens: Ints,
    total: Floats,
    work: Floats,
) -> None:
    """The weighted residuals, (V, m), as `Residuals` finds them."""
    V, m = logits.shape
    flat = out.reshape(-1)
    flat[:] = logits.reshape(-1)
    # A comparison with NaN is false: logits that are not finite take the shifted way too.
    if not np.dot(flat, flat) <= UNSHIFTED_SQUARE:
        _shift(out, work)
    for i in range(len(flat)):
        flat[i] = np.exp(flat[i])
    for i in range(len(alone)):
        work[i] = out[tokens[i], alone[i]]
        out[tokens[i], alone[i]] = 0.0
    total[:] = 0.0
    for v in range(V):
        for j in range(m):
            total[j] += out[v, j]
    for i in range(len(alone)):
        outside = total[alone[i]]
        total[alone[i]] += work[i]
        work[i] = outside
    for j in range(m):
        total[j] = context_probs[j] / total[j]
    for v in range(V):
        for j in range(m):
            out[v, j] = out[v, j] * total[j] - weighted_probs[v, j]
    for i in range(len(alone)):
        out[tokens[i], alone[i]] = -work[i] * total[alone[i]]


@compiled(f"void({_VECTOR}, {_VECTOR}, {_VECTOR}, {_VECTOR}, float64)", fastmath={"contract", "nsz"})
def _move(multipliers: Floats, logits: Floats, found: Floats, change: Floats, factor: float) -> None:
    for i in range(len(logits)):
        multipliers[i] += factor * found[i]
        logits[i] -= factor * change[i]


@compiled(
    f"int64({_ARRAY}, {_ARRAY}, {_ARRAY}, {_ARRAY}, {_VECTOR}, {_INTEGERS}, {_INTEGERS}, int64, int64, "
    "float64, float64)"
)
def descend(
    gram: Floats,
    logits: Floats,
    multipliers: Floats,
    weighted_probs: Floats,
    context_probs: Floats,
    alone: Ints,
    tokens: Ints,
    done: int,
    steps: int,
    normalised_size: float,
    decay: float,
) -> int:
    """Move logits and multipliers, (V, m), by so many steps in place; η of normalised steps is 0 for plain ones.

    Returns:
        How many steps were taken: normalised ones stop where the square of the gradient's length underflows.
    """
    V, m = logits.shape
    found, change = np.empty((V, m)), np.empty((V, m))
    rows, moved = found.reshape(-1), change.reshape(-1)
    total, work = np.empty(m), np.empty(m)
    for step in range(steps):
        residuals(logits, found, weighted_probs, context_probs, alone, tokens, total, work)
        np.dot(found, gram, change)
        factor = 1.0
        if decay > 0:
            factor = float(done + step + 1) ** -decay
        if normalised_size > 0:
            square = np.dot(rows, moved)
            if not square >= SAFE_SQUARE:
                return step
            factor *= normalised_size / np.sqrt(square)
        _move(multipliers.reshape(-1), logits.reshape(-1), rows, moved, factor)
    return steps
