"""Embeddings of any length, brought into float64's middle range by powers of two, which rounds nothing."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError, NTPDataWarning
from ntp_lib.numerics.aliases import Floats

Exponents = npt.NDArray[np.int32]

# Embeddings whose largest entry lies between 2^±ORDINARY are left alone: squares of their lengths, and products of
# these with multipliers, stay in range.
ORDINARY = 60
# Numbers up to 2^±SQUARABLE have squares that float64 holds to full precision.
SQUARABLE = 500
# Lengths further apart than this power of two are beyond every solver, and some would be lost when scaled.
FARTHEST_APART = 400


def binary_exponents(rows: Floats) -> Exponents:
    """e_j with the largest entry of row j between 2^(e_j − 1) and 2^e_j; 0 for a row of zeros, (m,)."""
    peaks = np.maximum(rows.max(axis=1), -rows.min(axis=1))
    return np.asarray(np.frexp(peaks)[1], dtype=np.int32)


def scaled_rows(data: NTPData) -> tuple[Floats, Floats, Exponents]:
    """Rows r_j, their norms and exponents e_j with h̄_j = r_j 2^{e_j}; the norm is one for a zero embedding.

    For embeddings of ordinary size all e_j are 0 and the rows are the embeddings themselves.
    """
    with np.errstate(over="ignore"):
        norms = np.linalg.norm(data.embeddings, axis=1)
    if norms.min() > 2.0**-ORDINARY and norms.max() < 2.0**ORDINARY:
        return data.embeddings, norms, np.zeros(len(norms), dtype=np.int32)
    rows, exponents = data.embeddings, binary_exponents(data.embeddings)
    if np.abs(exponents).max() <= ORDINARY:
        exponents = np.zeros_like(exponents)
    else:
        rows = np.ldexp(rows, -exponents[:, None])
        norms = np.linalg.norm(rows, axis=1)
    norms[norms == 0] = 1.0
    return rows, norms, exponents


def lengths_of(norms: Floats, exponents: Exponents) -> Floats:
    """‖h̄_j‖ from the norms of the scaled rows, (m,).

    Raises:
        NTPDataError: a length exceeds float64's range.
    """
    if not exponents.any():
        return norms
    with np.errstate(over="ignore"):
        lengths = np.ldexp(norms, exponents)
    if not np.isfinite(lengths).all():
        j = int(np.argmin(np.isfinite(lengths)))
        raise NTPDataError(
            f"embeddings: context {j} has a length above 1.8e308, the largest number of float64; scale them down"
        )
    return lengths


def rescaled(data: NTPData) -> tuple[NTPData, int]:
    """The problem with embeddings 2^{−k} h̄_j, the longest of length about one, and k; k = 0 where it is ordinary.

    Its decoders are those of the problem times 2^k: both have the same logits.

    Raises:
        NTPDataError: the lengths of the embeddings are too far apart for any solver.
    """
    exponents = binary_exponents(data.embeddings)
    if np.abs(exponents).max() <= ORDINARY:
        return data, 0
    present = np.flatnonzero(data.embeddings.any(axis=1))
    shortest, longest = (int(present[pick(exponents[present])]) for pick in (np.argmin, np.argmax))
    k = int(exponents[longest])
    if k - exponents[shortest] > FARTHEST_APART:
        raise NTPDataError(
            f"embeddings: context {shortest} has a length of about {decimal(int(exponents[shortest]))} and "
            f"context {longest} one of about {decimal(k)}; decoders for both at once are beyond float64, so scale "
            "the contexts to comparable lengths"
        )
    with warnings.catch_warnings():
        # Whoever built `data` was told of equal embeddings already.
        warnings.simplefilter("ignore", NTPDataWarning)
        embeddings = data.kind.convert(np.ldexp(data.embeddings, -k))
        return NTPData(embeddings, data.context_probs, data.probs), k


def times_power_of_two(array: Any, exponent: int) -> Any:
    """array · 2^exponent for arrays of NumPy or torch, |exponent| up to 2000."""
    half = exponent // 2
    return array * 2.0**half * 2.0 ** (exponent - half)


def binary_exponent(array: Floats) -> int:
    """e with the largest entry between 2^(e − 1) and 2^e; 0 for zeros."""
    return int(np.frexp(np.abs(array).max())[1])


def length(array: Floats) -> float:
    """The Frobenius norm, also where the squares of the entries leave float64's range."""
    exponent = binary_exponent(array)
    return float(np.ldexp(np.linalg.norm(np.ldexp(array, -exponent)), exponent))


def shortest_exponent(data: NTPData) -> int:
    """The binary exponent of the shortest embedding that is not zero; 0 where all are."""
    present = data.embeddings.any(axis=1)
    return int(binary_exponents(data.embeddings)[present].min(initial=2**14)) if present.any() else 0


def refuse_out_of_range(name: str, exponent: int, scale: int, *, power: int = 1) -> None:
    """Refuse a result of about 2^(power · exponent), which has no square or loses digits in float64.

    Args:
        name: what it is.
        exponent: its binary exponent, over `power`.
        scale: the binary exponent of the embeddings' length.
        power: of the inverse length that the result is proportional to.

    Raises:
        NTPDataError: exponent is beyond ±SQUARABLE.
    """
    if abs(exponent) > SQUARABLE:
        raise NTPDataError(
            f"embeddings of length about {decimal(scale)} make {name} about {decimal(power * exponent)}: beyond "
            f"what float64 holds and squares; multiply them by {decimal(-scale)}, which divides W by as much"
        )


def decimal(exponent: int) -> str:
    """2^exponent as a power of ten, also where float64 does not hold it."""
    return f"1e{round(exponent * float(np.log10(2))):+d}"
