"""The loop of `GramDescent` for one decoder, compiled by numba when this module is imported, or loaded from disk.

The exponential is written out, because the one of the C library takes one number at a time: e^x = 2^k e^r with
|r| ≤ ½ log 2, log 2 taken away in two parts, and e^r by its series, whose first term left out is below 1e-17.
"""

from __future__ import annotations

import numpy as np

from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.compiled import compiled
from ntp_lib.trajectories.optimisers import SAFE_LENGTH

INVERSE_LOG_2 = 1 / np.log(2.0)
# log 2 in 32 bits, whose products with integers up to 2^20 are exact, and the rest.
LOG_2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
LOG_2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
# Below it e^x is no normal number, and counts as zero.
LEAST_EXPONENT = -708.0
POWERS = np.ldexp(1.0, np.arange(-1022, 1))
SAFE_SQUARE = SAFE_LENGTH**2

_ARRAY, _INTEGERS = "float64[:, ::1]", "int64[::1]"


@compiled(f"void({_ARRAY}, {_ARRAY}, float64[::1])", fastmath={"contract", "nsz"})
def _exponentials(logits: Floats, out: Floats, top: Floats) -> None:
    """e^(ℓ − max over tokens), (V, m)."""
    V, m = logits.shape
    for j in range(m):
        top[j] = logits[0, j]
    for v in range(1, V):
        for j in range(m):
            top[j] = max(top[j], logits[v, j])
    for v in range(V):
        for j in range(m):
            x = logits[v, j] - top[j]
            # A comparison with NaN is false: no number that is none becomes an index.
            y = x if x >= LEAST_EXPONENT else LEAST_EXPONENT
            k = np.floor(y * INVERSE_LOG_2 + 0.5)
            r = (y - k * LOG_2_HIGH) - k * LOG_2_LOW
            p = 1 / 87178291200.0
            p = p * r + 1 / 6227020800.0
            p = p * r + 1 / 479001600.0
            p = p * r + 1 / 39916800.0
            p = p * r + 1 / 3628800.0
            p = p * r + 1 / 362880.0
            p = p * r + 1 / 40320.0
            p = p * r + 1 / 5040.0
            p = p * r + 1 / 720.0
            p = p * r + 1 / 120.0
            p = p * r + 1 / 24.0
            p = p * r + 1 / 6.0
            p = p * r + 0.5
            p = p * r + 1.0
            p = p * r + 1.0
            power = p * POWERS[int(k) + 1022]
            # Not a number stays one.
            out[v, j] = power if x >= LEAST_EXPONENT else (0.0 if x < LEAST_EXPONENT else x)


@compiled(
    f"void({_ARRAY}, {_ARRAY}, {_ARRAY}, float64[::1], {_INTEGERS}, {_INTEGERS}, float64[::1], float64[::1])",
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
    _exponentials(logits, out, work)
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


@compiled(
    f"int64({_ARRAY}, {_ARRAY}, {_ARRAY}, {_ARRAY}, float64[::1], {_INTEGERS}, {_INTEGERS}, int64, int64, "
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
    total, work = np.empty(m), np.empty(m)
    for step in range(steps):
        residuals(logits, found, weighted_probs, context_probs, alone, tokens, total, work)
        np.dot(found, gram, change)
        factor = 1.0
        if decay > 0:
            factor = float(done + step + 1) ** -decay
        if normalised_size > 0:
            square = 0.0
            for v in range(V):
                for j in range(m):
                    square += found[v, j] * change[v, j]
            if not square >= SAFE_SQUARE:
                return step
            factor *= normalised_size / np.sqrt(square)
        for v in range(V):
            for j in range(m):
                multipliers[v, j] += factor * found[v, j]
                logits[v, j] -= factor * change[v, j]
    return steps
