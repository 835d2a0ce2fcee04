"""Logits of pairs relative to the level of their context, as rows of a linear programme."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.numerics.aliases import Floats

Pairs = tuple[npt.NDArray[np.intp], ...]


def pair_rows(embeddings: Floats, pairs: Pairs, vocab_size: int) -> sp.csr_array:
    """One row w_z·h̄_j − c_j per pair (j, z); the columns are W, row by row, and the levels c."""
    (m, d), (contexts, tokens) = embeddings.shape, pairs
    columns = np.hstack([tokens[:, None] * d + np.arange(d), vocab_size * d + contexts[:, None]])
    values = np.hstack([embeddings[contexts], np.full((len(contexts), 1), -1.0)])
    places = np.arange(0, columns.size + 1, d + 1)
    return sp.csr_array((values.ravel(), columns.ravel(), places), shape=(len(contexts), vocab_size * d + m))
