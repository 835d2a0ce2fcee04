"""Multipliers of pairs of context and token, (m, V): NumPy arrays where these are small, else CSR.

Of a text most pairs have none, and an array over all of them would dwarf the data and the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.numerics.aliases import Bools, Floats

Multipliers: TypeAlias = Floats | sp.csr_array

# Pairs m·V up to which multipliers are handed out as NumPy arrays (128 MiB).
MAX_DENSE_PAIRS = 2**24


def fits_dense(data: NTPData) -> bool:
    """Whether an array over all pairs of context and token is small enough to be made."""
    return data.num_contexts * data.vocab_size <= MAX_DENSE_PAIRS


def laid_out(A: Multipliers, data: NTPData) -> Multipliers:
    """A as it is handed out: a NumPy array where the pairs are few, else CSR with sorted places."""
    if fits_dense(data):
        return A if isinstance(A, np.ndarray) else np.asarray(A.toarray())
    A = sp.csr_array(A)
    A.sum_duplicates()
    return A


def values(A: Multipliers) -> Floats:
    """The stored entries."""
    return A if isinstance(A, np.ndarray) else np.asarray(A.data)


def places(A: Multipliers) -> Any:
    """The context of every stored entry; for arrays a column that broadcasts."""
    rows = np.arange(A.shape[0])
    return rows[:, None] if isinstance(A, np.ndarray) else np.repeat(rows, np.diff(A.indptr))


def entrywise(A: Multipliers, change: Callable[[Floats, Any], Any]) -> Multipliers:
    """`change(values, places)` in place of the stored entries, of the kind of A."""
    changed = np.asarray(change(values(A), places(A)))
    return changed if isinstance(A, np.ndarray) else sp.csr_array((changed, A.indices, A.indptr), shape=A.shape)


def row_sums(A: Multipliers) -> Floats:
    """Σ_v a_jv, (m,)."""
    return np.asarray(A.sum(axis=1)).ravel()


def row_peaks(A: Multipliers) -> Floats:
    """max_v |a_jv|, (m,)."""
    if isinstance(A, np.ndarray):
        return np.maximum(A.max(axis=1), -A.min(axis=1))
    peaks = np.zeros(A.shape[0])
    np.maximum.at(peaks, places(A), np.abs(A.data))
    return peaks


def row_of(A: Multipliers, j: int) -> Floats:
    """Row j as an array, (V,)."""
    return A[j] if isinstance(A, np.ndarray) else np.asarray(A[[j]].toarray()[0])


def in_support(A: Multipliers, data: NTPData) -> Bools:
    """Which stored entries belong to supports: (m, V) for arrays, (nnz,) for CSR."""
    if isinstance(A, np.ndarray):
        return data.support_mask
    width = np.int64(data.vocab_size)
    return np.isin(places(A) * width + A.indices, data.support_rows * width + data.probs.indices)


def off_support(A: Multipliers, data: NTPData) -> Multipliers:
    """A with zeros on the supports, of the kind of A."""
    inside = in_support(A, data)
    return entrywise(A, lambda entries, _: np.where(inside, 0.0, entries))


def supports_scaled(levels: Floats, data: NTPData) -> sp.csr_array:
    """levels_j on the support of every context j, (m, V)."""
    probs = data.probs
    return sp.csr_array((levels[data.support_rows], probs.indices, probs.indptr), shape=probs.shape)
