"""Embeddings for contexts that come without any: two seeded, documented laws.

Both draw standard Gaussian coordinates from `numpy.random.default_rng(seed)` (PCG64), a stream that does not
depend on the platform; NumPy may change it between versions, which the lock file fixes. Each coordinate of an
embedding has mean 0 and variance 1, so ‖h̄_j‖² is about d under either law.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats

ContextCodes = Callable[[], npt.NDArray[np.integer[Any]]]

EMBEDDINGS = ("independent", "composed")

# Rows gathered at once, so that a temporary stays small beside the embeddings themselves.
BLOCK_ROWS = 2**15


def independent(num_contexts: int, *, dim: int, seed: int) -> Floats:
    """Draw a standard Gaussian vector for every distinct context.

    The result depends on the number of contexts and their order alone, not on the tokens in them: row j is the
    same for every text whose contexts are numbered alike, and a longer text keeps the rows it had.

    Args:
        num_contexts: m.
        dim: d.
        seed: of the generator.

    Returns:
        Embeddings of shape (m, d).
    """
    return np.random.default_rng(seed).standard_normal((num_contexts, dim))


def composed(context_codes: npt.NDArray[np.integer[Any]], *, vocab_size: int, dim: int, seed: int) -> Floats:
    """Sum Gaussian token vectors over the positions of each context: h̄_j = L^{-1/2} Σ_p u_{p, token p of j}.

    Every token has its own vector u per position, so contexts that share a token in a place share a direction.
    The embeddings span at most min(d, L·(V − 1) + 1) dimensions. The vectors belong to places in the
    vocabulary: another vocabulary order is another draw.

    Args:
        context_codes: the tokens of each context as places in the vocabulary, shape (m, L).
        vocab_size: V.
        dim: d.
        seed: of the generator.

    Returns:
        Embeddings of shape (m, d).
    """
    num_contexts, context_length = context_codes.shape
    rng = np.random.default_rng(seed)
    embeddings = np.zeros((num_contexts, dim))
    for position in range(context_length):
        vectors = rng.standard_normal((vocab_size, dim))
        for start in range(0, num_contexts, BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            embeddings[rows] += vectors[context_codes[rows, position]]
    embeddings /= np.sqrt(context_length)
    return embeddings


def check_embedding_name(name: str) -> None:
    """Raise an `NTPDataError` that lists the valid laws unless `name` is one of them."""
    if name not in EMBEDDINGS:
        raise NTPDataError(f"embedding is {name!r}; it must be one of {', '.join(map(repr, EMBEDDINGS))}")


def drawn(
    name: str, num_contexts: int, context_codes: ContextCodes, *, vocab_size: int, dim: int, seed: int
) -> Floats:
    """Draw by one of the two laws.

    Args:
        name: one of `EMBEDDINGS`.
        num_contexts: m.
        context_codes: gives the tokens of each context, shape (m, L); called for "composed" only.
        vocab_size: V.
        dim: d.
        seed: of the generator.

    Returns:
        Embeddings of shape (m, d).
    """
    if name == "independent":
        return independent(num_contexts, dim=dim, seed=seed)
    return composed(context_codes(), vocab_size=vocab_size, dim=dim, seed=seed)
