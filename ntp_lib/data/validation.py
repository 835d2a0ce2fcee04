"""Checks that turn raw arrays into the parts of a next-token problem, or say which item is wrong."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.data.encoding import require_whole_number
from ntp_lib.errors import NTPDataError, NTPDataWarning
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array, to_numpy

# Sums this close to one are rounding of float32 input and are rescaled; anything further is refused.
SUM_TOLERANCE = 1e-6
# Tokens are numbered by 32-bit integers.
MAX_TOKENS = 2**31 - 1


def _as_floats(value: Any, name: str, ndim: int, shape_words: str, *, copy: bool = True) -> Floats:
    array = real_array(value, name, shape_words, copy=copy)
    if array.ndim != ndim or 0 in array.shape:
        raise NTPDataError(f"{name} must have shape {shape_words}, all positive; got shape {array.shape}")
    return array


def valid_embeddings(value: Any, *, copy: bool = True) -> Floats:
    """Return the embeddings as a finite float64 array of shape (m, d)."""
    array = _as_floats(value, "embeddings", 2, "(m, d)", copy=copy)
    bad = np.argwhere(~np.isfinite(array))
    if bad.size:
        j, k = bad[0]
        raise NTPDataError(
            f"embeddings: context {j} has the value {array[j, k]} in dimension {k}; every entry must be finite"
        )
    return array


def valid_context_probs(value: Any, num_contexts: int) -> Floats:
    """Return π̂ as positive float64 of shape (m,) with sum one."""
    array = _as_floats(value, "context_probs", 1, "(m,)")
    if len(array) != num_contexts:
        raise NTPDataError(
            f"context_probs has {len(array)} entries for {num_contexts} contexts (rows of embeddings); "
            "the two must agree"
        )
    bad = np.flatnonzero(~(np.isfinite(array) & (array > 0)))
    if bad.size:
        raise NTPDataError(
            f"context_probs: context {bad[0]} has the value {array[bad[0]]}; every context needs a finite, "
            "positive probability (leave out contexts that never occur)"
        )
    _refuse_subnormal(array, lambda j: f"context_probs: context {j} has")
    total = array.sum()
    if abs(total - 1) > SUM_TOLERANCE:
        raise NTPDataError(f"context_probs sum to {total:.9g}; they must sum to 1 (divide them by their sum)")
    return array if _is_one(total, len(array)) else array / total


def _refuse_subnormal(values: Floats, whose: Callable[[int], str]) -> None:
    tiny = np.finfo(np.float64).tiny
    bad = np.flatnonzero((values > 0) & (values < tiny))
    if bad.size:
        raise NTPDataError(
            f"{whose(int(bad[0]))} the value {values[bad[0]]}; a probability that is not 0 must be at least "
            f"{tiny:.3g}, below which float64 loses its digits"
        )


def valid_num_sequences(value: Any, num_contexts: int) -> int | None:
    """Return n as an int, or None."""
    if value is None:
        return None
    require_whole_number(value, "num_sequences", at_least=1, at_most=2**63 - 1)
    if value < num_contexts:
        raise NTPDataError(
            f"num_sequences is {value}, fewer than the {num_contexts} distinct contexts; each context occurs at "
            "least once"
        )
    return int(value)


def valid_next_token_probs(value: Any, num_contexts: int) -> sp.csr_array[np.float64]:
    """Return p̂ as a canonical CSR array of shape (m, V): positive entries only, rows of sum one."""
    probs = _as_csr(value)
    if probs.shape[0] != num_contexts:
        raise NTPDataError(
            f"next_token_probs has {probs.shape[0]} rows for {num_contexts} contexts (rows of embeddings); "
            "the two must agree"
        )
    if probs.shape[1] < 2:
        raise NTPDataError(f"next_token_probs has V = {probs.shape[1]} tokens; at least 2 are needed")
    if probs.shape[1] > MAX_TOKENS:
        raise NTPDataError(f"next_token_probs has V = {probs.shape[1]} tokens; at most {MAX_TOKENS} are taken")
    _refuse_bad_entries(probs)
    probs.eliminate_zeros()
    _refuse_bad_rows(probs)
    row_sums, sizes = np.add.reduceat(probs.data, probs.indptr[:-1]), np.diff(probs.indptr)
    row_sums[_is_one(row_sums, sizes)] = 1.0
    probs.data /= np.repeat(row_sums, sizes)
    return probs


def _is_one(total: Floats, count: Any) -> npt.NDArray[np.bool_]:
    """Whether sums of `count` terms are one up to their rounding.

    n terms that were divided by their sum add up to one within (n − ½)ε: ½ε from the quotients and ½(n − 1)ε from
    either sum. Such terms are left as they are, so that normalised data are stored bit for bit.
    """
    return np.asarray(np.abs(total - 1) <= 2 * (count - 1) * np.finfo(float).eps)


def _as_csr(value: Any) -> sp.csr_array[np.float64]:
    if sp.issparse(value):
        if value.ndim != 2:
            raise NTPDataError(f"next_token_probs must have shape (m, V); got shape {value.shape}")
        probs = sp.csr_array(value, copy=True)
        probs.data = real_array(probs.data, "next_token_probs", "(m, V)", copy=False)
        try:
            probs.check_format(full_check=True)
        except ValueError as error:
            raise NTPDataError(f"next_token_probs is no sound sparse array: {error}") from None
    else:
        probs = sp.csr_array(_as_floats(value, "next_token_probs", 2, "(m, V)"))
    probs.sum_duplicates()
    return probs


def _refuse_bad_entries(probs: sp.csr_array[np.float64]) -> None:
    bad = np.flatnonzero(~(np.isfinite(probs.data) & (probs.data >= 0)))
    if bad.size:
        j, token, value = _row(probs, bad[0]), probs.indices[bad[0]], probs.data[bad[0]]
        raise NTPDataError(
            f"next_token_probs: context {j} gives token {token} the value {value}; "
            "probabilities must be finite and not negative"
        )
    _refuse_subnormal(
        probs.data,
        lambda n: f"next_token_probs: context {_row(probs, n)} gives token {probs.indices[n]}",
    )


def _row(probs: sp.csr_array[np.float64], place: int) -> int:
    return int(np.searchsorted(probs.indptr, place, side="right")) - 1


def _refuse_bad_rows(probs: sp.csr_array[np.float64]) -> None:
    empty = np.flatnonzero(np.diff(probs.indptr) == 0)
    if empty.size:
        raise NTPDataError(
            f"next_token_probs: context {empty[0]} has an empty support (all its probabilities are 0); "
            "every context needs at least one next token"
        )
    sums = np.add.reduceat(probs.data, probs.indptr[:-1])
    off = np.flatnonzero(np.abs(sums - 1) > SUM_TOLERANCE)
    if off.size:
        raise NTPDataError(
            f"next_token_probs: the probabilities of context {off[0]} sum to {sums[off[0]]:.9g}; "
            "each row must sum to 1 (divide it by its sum)"
        )


def valid_labels(value: Any, name: str, count: int, counted: str) -> tuple[Any, ...] | None:
    """Return labels as a tuple with one entry per item, or None."""
    if value is None:
        return None
    try:
        labels = tuple(to_numpy(value, name).tolist() if hasattr(value, "__array__") else value)
    except TypeError:
        raise NTPDataError(f"{name} is {value!r:.60}; it must be a sequence with one entry per item") from None
    if len(labels) != count:
        raise NTPDataError(f"{name} has {len(labels)} entries for {count} {counted}; the two must agree")
    return labels


def warn_of_conflicting_duplicates(embeddings: Floats, probs: sp.csr_array[np.float64]) -> None:
    """Warn when two contexts share an embedding but not a distribution: no logits can serve both."""
    # Adding 0.0 turns -0.0 into 0.0, so that equal rows have equal bytes. Rows that share no first coordinate
    # with another are set aside first: comparing all bytes of all rows would copy the embeddings several times.
    _, place, counts = np.unique(embeddings[:, 0], return_inverse=True, return_counts=True)
    suspects = np.flatnonzero(counts[place] > 1)
    if not suspects.size:
        return
    rows = np.ascontiguousarray(embeddings[suspects] + 0.0).view(f"V{embeddings.itemsize * embeddings.shape[1]}")
    _, first, inverse = np.unique(rows.ravel(), return_index=True, return_inverse=True)
    if len(first) == len(suspects):
        return
    twin = np.arange(len(embeddings))
    twin[suspects] = suspects[first[inverse]]
    repeated = np.flatnonzero(twin != np.arange(len(embeddings)))
    difference = abs(probs[repeated] - probs[twin[repeated]])
    conflicts = np.flatnonzero(difference.max(axis=1).toarray().ravel() > SUM_TOLERANCE)
    if conflicts.size:
        j = int(repeated[conflicts[0]])
        warnings.warn(
            f"{conflicts.size} context(s) repeat another context's embedding with a different next-token "
            f"distribution, first contexts {int(twin[j])} and {j}: such data are not NTP-separable where the "
            "supports differ, and not NTP-compatible where the log-odds of a shared pair of tokens do; merge the "
            "contexts or give them distinct embeddings",
            NTPDataWarning,
            stacklevel=3,
        )
