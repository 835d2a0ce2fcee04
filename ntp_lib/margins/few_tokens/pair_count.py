"""Cover's count for the two most frequent tokens: the dimension that separability needs (book, lem-few-tokens)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import scipy.special

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.numerics.aliases import Ints


@dataclass(frozen=True)
class PairCount:
    """Two tokens and the contexts that they follow.

    Attributes:
        tokens: the pair, (x, y).
        both: number of contexts with both in their supports.
        one: number of contexts with exactly one of them, at least one.
    """

    tokens: tuple[int, int]
    both: int
    one: int

    def chance(self, dim: int) -> float:
        """Chance that some decoder does what these contexts ask of the pair, for Gaussian embeddings."""
        free = dim - self.both
        return float(scipy.special.bdtr(min(free, self.one) - 1, self.one - 1, 0.5)) if free > 0 else 0.0

    @property
    def dimension(self) -> int:
        """Least dimension at which that chance is at least one half."""
        return self.both + (self.one + 1) // 2


def token_counts(data: NTPData) -> Ints:
    """Number of contexts that each token follows, (V,)."""
    return np.bincount(data.probs.indices, minlength=data.vocab_size)


def frequent_pair(data: NTPData) -> PairCount | None:
    """The token that follows most contexts, and the most frequent one that some context tells from it.

    No other pair asks for a larger dimension. None where all supports are the whole vocabulary.
    """
    counts = token_counts(data)
    first = int(counts.argmax())
    supports = sp.csr_array(
        (np.ones(data.probs.nnz, dtype=np.int64), data.probs.indices, data.probs.indptr), shape=data.probs.shape
    )
    with_first = np.add.reduceat(data.probs.indices == first, data.probs.indptr[:-1])
    both = np.asarray(supports.T @ with_first)
    one = counts[first] + counts - 2 * both
    if not one.any():
        return None
    other = int(np.where(one > 0, counts, -1).argmax())
    return PairCount((first, other), int(both[other]), int(one[other]))
