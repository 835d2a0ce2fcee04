"""The loop of `GramDescent` for one decoder, compiled by numba when this module is imported, or loaded from disk.

The exponential is written out, because the one of the C library takes one number at a time: e^x = 2^k e^r with
|r| ≤ ½ log 2, log 2 taken away in two parts, and e^r by its series, whose first term left out is below 1e-17.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from ntp_lib.loss.slope import UNSHIFTED_NORM
from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.compiled import compiled
from ntp_lib.trajectories.compiled_product import multiply
from ntp_lib.trajectories.optimisers import SAFE_LENGTH

INVERSE_LOG_2 = 1 / np.log(2.0)
# log 2 in 32 bits, whose products with integers up to 2^20 are exact, and the rest.
LOG_2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
LOG_2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
# Below it e^x is no normal number, and counts as zero.
LEAST_EXPONENT = -708.0
# Added to a number of at most 2^51 it leaves the next integer in the last bits of the sum.
SHIFT = 1.5 * 2.0**52
SAFE_SQUARE, UNSHIFTED_SQUARE = SAFE_LENGTH**2, UNSHIFTED_NORM**2

_ARRAY, _VECTOR, _INTEGERS = "float64[:, ::1]", "float64[::1]", "int64[::1]"


@intrinsic  # type: ignore[untyped-decorator]
def _times_power_of_two(context: Any, number: Any, shifted: Any) -> Any:
    """number · 2^k from k + SHIFT, whose last twelve bits are those of k: they are added to the exponent."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        integer, real = context.get_value_type(types.int64), context.get_value_type(types.float64)
        bits, power = (builder.bitcast(argument, integer) for argument in arguments)
        exponent = builder.shl(power, context.get_constant(types.int64, 52))
        return builder.bitcast(builder.add(bits, exponent), real)

    return types.float64(types.float64, types.float64), generate


@compiled(f"void({_VECTOR})", fastmath={"contract", "nsz"})
def exponentials(values: Floats) -> None:
    """x ↦ e^x for x ≤ 700, in place: one pass without branches, which takes four numbers at a time."""
    for i in range(len(values)):
        x = values[i]
        # A comparison with NaN is false: no number that is none becomes an exponent.
        y = x if x >= LEAST_EXPONENT else LEAST_EXPONENT
        shifted = y * INVERSE_LOG_2 + SHIFT
        k = shifted - SHIFT
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
        power = _times_power_of_two(p, shifted)
        # Not a number stays one.
        values[i] = power if x >= LEAST_EXPONENT else (0.0 if x < LEAST_EXPONENT else x)


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
    exponentials(flat)
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
        multiply(found, gram, change)
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
