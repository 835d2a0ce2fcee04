"""Supports that callers pass: those of data, or rows of zeros and ones, or refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Bools
from ntp_lib.numerics.arrays import real_array, to_numpy


def support_of(data_or_support: Any, *, proper: bool = False) -> Bools:
    """S_j as rows of booleans, (m, V).

    Args:
        data_or_support: data, of which only the supports matter, or booleans or zeros and ones, (m, V), dense or
            sparse, rows of which may be equal.
        proper: require a token off some support.

    Raises:
        NTPDataError: no matrix, less than two tokens, an entry that is neither 0 nor 1, a context without a token.
    """
    if isinstance(data_or_support, NTPData):
        if proper:
            data_or_support.require_out_of_support()
        return data_or_support.support_mask
    support = _zeros_and_ones(data_or_support)
    empty = np.flatnonzero(~support.any(axis=1))
    if empty.size:
        raise NTPDataError(f"support: context {empty[0]} has no token; every context needs at least one")
    if proper and support.all():
        raise NTPDataError(
            "support: every context has the whole vocabulary, so that no token is out of support and no margin is "
            "defined; at least one context needs a token off its support"
        )
    return support


def _zeros_and_ones(value: Any) -> Bools:
    value = to_numpy(value, "support")
    array = value.toarray() if sp.issparse(value) else value
    if not (isinstance(array, np.ndarray) and array.dtype == bool):
        array = np.array(array) if _holds_booleans(array) else real_array(array, "support", "(m, V)")
    if array.ndim != 2 or 0 in array.shape or array.shape[1] < 2:
        raise NTPDataError(
            f"support must have shape (m, V) with at least one context and two tokens; got shape {array.shape}"
        )
    bad = np.argwhere((array != 0) & (array != 1))
    if bad.size:
        j, v = bad[0]
        raise NTPDataError(
            f"support: context {j} has the entry {array[j, v]} at token {v}; entries must be 0 or 1 (of "
            "probabilities, pass those above 0, or an NTPData)"
        )
    return np.asarray(array != 0)


def _holds_booleans(value: Any) -> bool:
    """Whether a value is a list of lists, equally long, of booleans only."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(row, (list, tuple)) for row in value):
        return False
    booleans = all(isinstance(entry, (bool, np.bool_)) for row in value for entry in row)
    return booleans and len({len(row) for row in value}) == 1
