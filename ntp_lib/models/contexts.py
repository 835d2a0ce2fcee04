"""Contexts as numbers of tokens, as a network reads them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError


def valid_contexts(tokens: npt.ArrayLike, data: NTPData) -> npt.NDArray[np.int64]:
    """The contexts as whole numbers, (m, T).

    Raises:
        NTPDataError: not two-dimensional, not m rows, not whole numbers, or two contexts that are the same.
    """
    contexts = np.asarray(tokens)
    m = data.num_contexts
    if contexts.ndim != 2 or len(contexts) != m or contexts.shape[1] < 1:
        raise NTPDataError(f"tokens has shape {contexts.shape}; these data need (m, T) with m = {m} and T ≥ 1")
    whole = contexts.dtype.kind in "iu"
    if not whole or (contexts < 0).any():
        found = contexts.min() if whole else f"entries of type {contexts.dtype}"
        raise NTPDataError(f"tokens holds {found}; every entry must be a whole number of at least 0")
    distinct, first = np.unique(contexts, axis=0, return_index=True)
    if len(distinct) < m:
        repeated = min(set(range(m)) - set(first.tolist()))
        raise NTPDataError(f"tokens: context {repeated} occurs before; contexts must be distinct")
    return np.array(contexts, dtype=np.int64)


def numbered_contexts(data: NTPData) -> npt.NDArray[np.int64]:
    """The contexts as places of their tokens in the vocabulary, (m, T), for data made from tokens.

    Raises:
        NTPDataError: the contexts have no names that are tuples of tokens; the message has the first that is none.
    """
    place = {token: number for number, token in enumerate(data.vocabulary or ())}
    for context in data.contexts or (None,):
        if not isinstance(context, tuple) or not set(context) <= place.keys():
            raise NTPDataError(f"context {context!r} is no tuple of tokens; NTPData.from_tokens names contexts so")
    return np.array([[place[token] for token in context] for context in data.contexts or ()], dtype=np.int64)
