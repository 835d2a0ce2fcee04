"""Out-of-support margins and in-support spreads of a decoder, recomputed from the data."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.numerics.aliases import Floats


def context_margins(W: Floats, data: NTPData, rows: Floats | None = None) -> tuple[Floats, Floats]:
    """Least margin and in-support spread of every context.

    Args:
        W: decoder, shape (V, d).
        data: the problem.
        rows: positive multiples of the embeddings that take their place, (m, d).

    Returns:
        margins: min over z ∈ S_j, v ∉ S_j of (e_z − e_v)ᵀ W h̄_j, shape (m,); inf where S_j is everything.
        spreads: max over z, z' ∈ S_j of |(e_z − e_z')ᵀ W h̄_j|, shape (m,).
    """
    margins, spreads = np.empty(data.num_contexts), np.empty(data.num_contexts)
    rows = data.embeddings if rows is None else rows
    ends, tokens = data.probs.indptr, data.probs.indices
    for start in range(0, data.num_contexts, data.block_rows):
        stop = min(start + data.block_rows, data.num_contexts)
        places = slice(ends[start], ends[stop])
        logits = rows[start:stop] @ W.T
        inside = data.support_rows[places] - start, tokens[places]
        first = ends[start:stop] - ends[start]
        lowest = np.minimum.reduceat(logits[inside], first)
        spreads[start:stop] = np.maximum.reduceat(logits[inside], first) - lowest
        logits[inside] = -np.inf
        margins[start:stop] = lowest - logits.max(axis=1)
    return margins, spreads


def stacked_margins(decoders: Floats, data: NTPData) -> Floats:
    """Least out-of-support margin over all contexts of K decoders (K, V, d), shape (K,)."""
    least = np.full(len(decoders), np.inf)
    for block in data.blocks():
        logits = block.embeddings @ decoders.transpose(0, 2, 1)
        lowest = np.where(block.support, logits, np.inf).min(axis=2)
        highest = np.where(block.support, -np.inf, logits).max(axis=2)
        least = np.minimum(least, (lowest - highest).min(axis=1))
    return least


def margin(W: npt.ArrayLike, data: NTPData) -> float:
    """Least out-of-support margin of W over all contexts: the left side of (6b).

    Raises:
        NTPDataError: wrong shape, or no token is out of support anywhere.
    """
    data.require_out_of_support()
    return float(context_margins(data.check_decoder(W), data)[0].min())
