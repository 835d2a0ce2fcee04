"""Whether something was computed for the same data: the same content, not necessarily the same object."""

from __future__ import annotations

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError


def require_same_data(other: NTPData, data: NTPData, name: str, *, labels_only: bool = False) -> None:
    """Raise unless two problems agree in embeddings, context_probs and next_token_probs, bit for bit.

    A pickled, copied or reloaded problem is the same one. Names of tokens and contexts do not matter.

    Args:
        other: what `name` was computed for.
        data: what it is to be used with.
        name: of the argument, for the message.
        labels_only: embeddings do not matter either.

    Raises:
        NTPDataError: the data differ; it says in what, and in which context first.
    """
    if other is data:
        return
    difference = _difference(other, data, labels_only)
    if difference is not None:
        raise NTPDataError(f"{name}: computed for other data, {difference}; compute it for these data")


def _difference(other: NTPData, data: NTPData, labels_only: bool) -> str | None:
    sizes = ("num_contexts", "vocab_size") if labels_only else ("num_contexts", "dim", "vocab_size")
    for size in sizes:
        there, here = getattr(other, size), getattr(data, size)
        if there != here:
            return f"whose {size} is {there}, not {here}"
    if not labels_only and not np.array_equal(other.embeddings, data.embeddings):
        j = int(np.flatnonzero((other.embeddings != data.embeddings).any(axis=1))[0])
        return f"with another embedding of context {j}"
    if not np.array_equal(other.context_probs, data.context_probs):
        j = int(np.flatnonzero(other.context_probs != data.context_probs)[0])
        return f"with context_probs {other.context_probs[j]:.6g}, not {data.context_probs[j]:.6g}, of context {j}"
    return _difference_of_rows(other, data)


def _difference_of_rows(other: NTPData, data: NTPData) -> str | None:
    """The first context whose stored next-token probabilities differ."""
    sizes = other.support_sizes != data.support_sizes
    if sizes.any():
        return f"with another support of context {int(np.flatnonzero(sizes)[0])}"
    places = other.probs.indices != data.probs.indices
    if places.any():
        return f"with another support of context {int(data.support_rows[np.flatnonzero(places)[0]])}"
    values = other.probs.data != data.probs.data
    if values.any():
        return f"with other next_token_probs of context {int(data.support_rows[np.flatnonzero(values)[0]])}"
    return None
