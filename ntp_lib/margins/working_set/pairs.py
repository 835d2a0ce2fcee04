"""A set of (context, token) pairs, ordered by context and by token: all that the working set knows of the data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.numerics.aliases import Bools, Floats

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs (j, v), sorted by context and then token; every context has one at least.

    Attributes:
        keys: j·V + v, rising, (p,).
        shape: m and V.
        support: whether v ∈ S_j, (p,).
    """

    keys: Indices
    shape: tuple[int, int]
    support: Bools

    @classmethod
    def of(cls, keys: Indices, probs: sp.csr_array) -> Pairs:
        """The pairs of these keys, in any order and number of times, with those of the supports.

        Args:
            keys: of pairs off the supports, or on them.
            probs: any array whose stored entries are the supports, (m, V).
        """
        inside = keys_of(probs)
        every = np.unique(np.concatenate([inside, keys]))
        support = np.zeros(len(every), dtype=bool)
        support[np.searchsorted(every, inside)] = True
        return cls(every, (int(probs.shape[0]), int(probs.shape[1])), support)

    @cached_property
    def contexts(self) -> Indices:
        """The context of every pair, (p,)."""
        return np.asarray(self.keys // self.shape[1])

    @cached_property
    def tokens(self) -> Indices:
        """The token of every pair, (p,)."""
        return np.asarray(self.keys % self.shape[1])

    @cached_property
    def starts(self) -> Indices:
        """Where every context begins, and the end, (m + 1,)."""
        return np.searchsorted(self.contexts, np.arange(self.shape[0] + 1)).astype(np.int64)

    @cached_property
    def by_token(self) -> Indices:
        """The pairs' places in order of tokens and then contexts, (p,)."""
        return np.argsort(self.tokens, kind="stable").astype(np.int64)

    @cached_property
    def token_starts(self) -> Indices:
        """Where every token begins in `by_token`, and the end, (V + 1,)."""
        return np.searchsorted(self.tokens[self.by_token], np.arange(self.shape[1] + 1)).astype(np.int64)

    @cached_property
    def support_sizes(self) -> Indices:
        """|S_j|, (m,)."""
        return np.add.reduceat(self.support, self.starts[:-1], dtype=np.int64)

    def sums(self, values: Floats) -> Floats:
        """Sum over the pairs of every context, (m,)."""
        return np.add.reduceat(values, self.starts[:-1])

    def array(self, values: Floats) -> sp.csr_array:
        """Values on the pairs as a sparse array, (m, V)."""
        return sp.csr_array((values, self.tokens, self.starts), shape=self.shape)

    def places(self, keys: Indices) -> tuple[Indices, Bools]:
        """Where these keys are among the pairs, and whether they are, each of the keys' shape."""
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return places, np.asarray(self.keys[places] == keys)

    def taken_over(self, values: Floats, others: Pairs) -> Floats:
        """Values on other pairs, where these are among them; zero elsewhere, (p,)."""
        places, there = others.places(self.keys)
        return np.where(there, values[places], 0.0)


def keys_of(array: sp.csr_array) -> Indices:
    """j·V + v of the stored entries of a sparse array, rising."""
    contexts = np.repeat(np.arange(array.shape[0], dtype=np.int64), np.diff(array.indptr))
    return np.sort(contexts * array.shape[1] + array.indices)
