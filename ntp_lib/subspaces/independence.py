"""Exact linear independence of float64 vectors, proved modulo a prime.

Floats are integers times powers of two. Vectors of integers that are independent modulo some prime are
independent: a minor that does not vanish there does not vanish. Rounding has no part in it, however nearly
parallel they are.
"""

from __future__ import annotations

import numpy as np

from ntp_lib.numerics.aliases import Floats, Ints

# Below 2^31, so that products of residues fit in 63 bits.
PRIME = 2**31 - 19
# Multiplications up to which a proof is attempted: about a second.
MAX_MULTIPLICATIONS = 3 * 10**8


def affordable(rows: int, columns: int) -> bool:
    """Whether `independent` is quick on vectors of this number and length."""
    return rows * rows * columns <= MAX_MULTIPLICATIONS


def independent(vectors: Floats) -> bool:
    """Whether the rows are linearly independent in exact arithmetic: True is proved.

    False is right up to the chance, about 1e-9, that the prime divides every minor; it is not a proof.
    """
    if len(vectors) > vectors.shape[1]:
        return False
    rows = residues(vectors)
    for i in range(len(rows)):
        (places,) = np.nonzero(rows[i])
        if not places.size:
            return False
        pivot = int(places[0])
        rows[i] = rows[i] * pow(int(rows[i, pivot]), -1, PRIME) % PRIME
        below = rows[i + 1 :]
        (touched,) = np.nonzero(below[:, pivot])
        below[touched] = (below[touched] - below[touched, pivot, None] * rows[i]) % PRIME
    return True


def residues(vectors: Floats) -> Ints:
    """Every row as a multiple of itself with whole entries, modulo the prime."""
    mantissas, exponents = np.frexp(vectors)
    whole = np.ldexp(mantissas, 53).astype(np.int64) % PRIME
    least = np.where(vectors != 0, exponents, np.iinfo(exponents.dtype).max).min(axis=1, keepdims=True)
    shifts = np.where(vectors != 0, exponents - least, 0)
    distinct, places = np.unique(shifts, return_inverse=True)
    powers = np.array([pow(2, int(shift), PRIME) for shift in distinct], dtype=np.int64)
    return np.asarray(whole * powers[places.reshape(shifts.shape)] % PRIME)
