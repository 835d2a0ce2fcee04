"""Equal contexts and equal tokens as one row and one column each (book, thm-nuclear-collapse)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ntp_lib.numerics.aliases import Bools, Floats, Ints


def kinds(support: Bools) -> tuple[Ints, Ints]:
    """Equal rows of booleans: the first row of each kind, and the kind of every row."""
    packed = np.packbits(support, axis=1)
    _, first, kind = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    return first.astype(np.int64), kind.ravel().astype(np.int64)


@dataclass(frozen=True, eq=False)
class MergedSupports:
    """Supports with one row for contexts that share one and one column for tokens that occur in the same ones.

    A matrix X of one entry per pair of kinds stands for the whole matrix that repeats it. The whole matrix has the
    singular values of `scale` ∘ X.

    Attributes:
        support: of the kinds, (r, c).
        row_kind: the kind of every context, (m,).
        column_kind: the kind of every token, (V,).
        row_counts: contexts of each kind, (r,).
        column_counts: tokens of each kind, (c,).
    """

    support: Bools
    row_kind: Ints
    column_kind: Ints
    row_counts: Floats
    column_counts: Floats

    @classmethod
    def of(cls, support: Bools, *, merge: bool = True) -> MergedSupports:
        """The kinds of supports, (m, V); without `merge` every context and every token is its own."""
        if not merge:
            m, V = support.shape
            return cls(support, np.arange(m), np.arange(V), np.ones(m), np.ones(V))
        rows, row_kind = kinds(support)
        columns, column_kind = kinds(support.T)
        counts = (np.bincount(kind).astype(float) for kind in (row_kind, column_kind))
        return cls(support[np.ix_(rows, columns)], row_kind, column_kind, *counts)

    @cached_property
    def scale(self) -> Floats:
        """Root of the number of pairs that each entry stands for, (r, c)."""
        return np.asarray(np.sqrt(np.outer(self.row_counts, self.column_counts)))

    def expanded(self, X: Floats) -> Floats:
        """The whole matrix, (m, V), of one entry per pair of kinds, (r, c)."""
        return np.asarray(X[np.ix_(self.row_kind, self.column_kind)])
