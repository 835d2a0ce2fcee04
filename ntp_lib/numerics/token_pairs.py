"""Pairs (context, token) kept token by token, and values packed on them."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.results import result


@result
class TokenPairs:
    """Pairs (context, token), kept token by token; values on them are packed in the same order.

    Attributes:
        num_contexts: m.
        indptr: the pairs of token v are indptr[v] to indptr[v + 1], (V + 1,).
        contexts: of every pair, increasing within a token, (n,).
    """

    num_contexts: int
    indptr: Ints
    contexts: Ints

    @classmethod
    def of(cls, mask: npt.ArrayLike | sp.sparray) -> TokenPairs:
        """The pairs at which an array (m, V), dense or sparse, is not zero."""
        columns = sp.csc_array(mask, copy=True)
        columns.eliminate_zeros()
        columns.sort_indices()
        return cls(columns.shape[0], columns.indptr.astype(np.int64), columns.indices.astype(np.int64))

    @property
    def num_tokens(self) -> int:
        """V."""
        return len(self.indptr) - 1

    @cached_property
    def tokens(self) -> Ints:
        """The token of every pair, (n,)."""
        return np.repeat(np.arange(self.num_tokens), np.diff(self.indptr))

    @cached_property
    def _incidence(self) -> sp.csr_array:
        """1 where a pair belongs to a context, (m, n)."""
        places = (self.contexts, np.arange(len(self.contexts)))
        return sp.csr_array((np.ones(len(self.contexts)), places), shape=(self.num_contexts, len(self.contexts)))

    def packed(self, array: Floats) -> Floats:
        """The values of a dense array (m, V) on the pairs, (n,)."""
        return array[self.contexts, self.tokens]

    def unpacked(self, values: Floats) -> sp.csc_array:
        """The sparse array (m, V) of packed values."""
        return sp.csc_array(
            (values, self.contexts, self.indptr), shape=(self.num_contexts, self.num_tokens), copy=False
        )

    def row_sums(self, values: Floats) -> Floats:
        """Sums of packed values, (n,) or (n, k), over the tokens of every context, (m,) or (m, k)."""
        return np.asarray(self._incidence @ values)
