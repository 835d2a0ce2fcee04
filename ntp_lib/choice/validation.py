"""Checks that turn raw arrays into the parts of a choice problem, or say which context is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import scipy.sparse as sp

from ntp_lib.data.validation import valid_context_probs, valid_next_token_probs
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array


def valid_rows(value: Any, name: str, shape_words: str, row: str) -> Floats:
    """Return finite vectors as a float64 array of two axes, none of them empty."""
    array = real_array(value, name, shape_words)
    if array.ndim != 2 or 0 in array.shape:
        raise NTPDataError(f"{name} must have shape {shape_words}, all positive; got shape {array.shape}")
    bad = np.argwhere(~np.isfinite(array))
    if bad.size:
        j, k = bad[0]
        raise NTPDataError(
            f"{name}: {row} {j} has the value {array[j, k]} in dimension {k}; every entry must be finite"
        )
    return array


def positive_weights(value: Any, count: int, what: str) -> Floats:
    """Return finite, positive weights as a float64 array (count,); `what` names one thing that is weighted."""
    array = real_array(value, "weights", f"({count},)")
    if array.shape != (count,):
        raise NTPDataError(f"weights has shape {array.shape}; these data have {count} {what}s and need ({count},)")
    bad = np.flatnonzero(~(np.isfinite(array) & (array > 0)))
    if bad.size:
        raise NTPDataError(f"weights: {what} {bad[0]} has {array[bad[0]]}; a finite, positive number is needed")
    return array


def valid_candidates(value: Any, shape: tuple[int, int]) -> sp.csr_array[np.float64]:
    """Return multiplicities as a canonical CSR array (m, K): positive entries only, no empty row."""
    words = f"(m, K) = {shape}"
    if sp.issparse(value):
        counts = sp.csr_array(value, copy=True)
        counts.data = real_array(counts.data, "candidates", words, copy=False)
    else:
        dense = real_array(value, "candidates", words)
        if dense.ndim != 2:
            raise NTPDataError(f"candidates must have shape {words}; got shape {dense.shape}")
        counts = sp.csr_array(dense)
    if counts.shape != shape:
        raise NTPDataError(f"candidates has shape {counts.shape}; these keys and queries need {words}")
    counts.sum_duplicates()
    counts.sort_indices()
    bad = np.flatnonzero(~(np.isfinite(counts.data) & (counts.data >= 0)))
    if bad.size:
        j = int(np.searchsorted(counts.indptr, bad[0], side="right")) - 1
        raise NTPDataError(
            f"candidates: context {j} holds token {counts.indices[bad[0]]} {counts.data[bad[0]]} times; "
            "multiplicities must be finite and positive, or 0 for a token that is no candidate"
        )
    counts.eliminate_zeros()
    empty = np.flatnonzero(np.diff(counts.indptr) == 0)
    if empty.size:
        raise NTPDataError(f"candidates: context {empty[0]} has none; every context needs a token to choose")
    return counts


def valid_label_probs(value: Any, candidates: sp.csr_array[np.float64]) -> sp.csr_array[np.float64]:
    """Return the labels as a canonical CSR array (m, K), rows of sum one, each within its candidates."""
    with _in_words_of_choices():
        labels = valid_next_token_probs(value, candidates.shape[0])
    if labels.shape != candidates.shape:
        raise NTPDataError(f"label_probs has shape {labels.shape}; (m, K) = {candidates.shape} is needed")
    labels.sort_indices()
    outside = sp.csr_array((labels > 0).astype(np.int8) - ((labels > 0).multiply(candidates > 0)).astype(np.int8))
    outside.eliminate_zeros()
    if outside.nnz:
        j = int(np.searchsorted(outside.indptr, 0, side="right")) - 1
        raise NTPDataError(
            f"label_probs: context {j} is labelled with token {outside.indices[0]}, which is none of its "
            "candidates; its loss would be infinite for every W"
        )
    return labels


def valid_weights(value: Any, num_contexts: int) -> Floats:
    """Return π̂ as positive float64 of shape (m,) with sum one."""
    with _in_words_of_choices():
        return valid_context_probs(value, num_contexts)


@contextmanager
def _in_words_of_choices() -> Iterator[None]:
    """Errors of next-token data with the names that choice data have for the same things."""
    try:
        yield
    except NTPDataError as error:
        words = str(error).replace("next_token_probs", "label_probs").replace("embeddings", "queries")
        raise NTPDataError(words) from None
