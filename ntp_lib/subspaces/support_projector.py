"""Projections onto F as often as a flow needs them: token blocks on the supports, inverted once.

Where some token's contexts are dependent there is no such projector, and `BlockProjection` serves, one decoder at
a time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.token_blocks import TokenBlocks
from ntp_lib.numerics.token_pairs import TokenPairs

# Entries of the blocks' inverses in all (512 MiB).
MAX_ENTRIES = 2**26
# Products on the supports alone cost this many times as much each as those of whole matrices.
SPARSE = 16


@dataclass(frozen=True, eq=False)
class SupportProjector:
    """P_F of matrices whose rows lie in the span of the embeddings, in coordinates of it. Build with `of`.

    P_F W is Aᵀ X for the A on the supports, with rows of sum zero, whose in-support logits are those of W up to a
    level per context: the equations of the token blocks with δ = 0 (book, lem-token-blocks).

    Attributes:
        blocks: on the contexts with several tokens.
        rows: their coordinates, (m, r).
    """

    blocks: TokenBlocks
    rows: Floats

    @classmethod
    def of(cls, data: NTPData, rows: Floats) -> SupportProjector | None:
        """The projector of data whose embeddings have the coordinates `rows`, (m, r).

        None where some token's contexts are dependent to rounding, or the blocks too large.
        """
        several = np.flatnonzero(data.support_sizes > 1)
        rows = rows[several]
        pairs = TokenPairs.of(data.probs[several])
        sizes = np.diff(pairs.indptr)
        if not len(several) or float(sizes @ sizes) > MAX_ENTRIES or sizes.max() > rows.shape[1]:
            return None
        blocks = TokenBlocks.factorised(pairs, rows, 0.0)
        return None if blocks is None else cls(blocks.inverted(), rows)

    def project(self, W: Floats, *, passes: int = 2) -> Floats:
        """P_F of matrices, (…, V, r): the second pass removes the rounding of the first."""
        stack = W.reshape(-1, *W.shape[-2:])
        total = self._once(stack)
        for _ in range(passes - 1):
            total += self._once(stack - total)
        return total.reshape(W.shape)

    def _once(self, stack: Floats) -> Floats:
        pairs = self.blocks.pairs
        a, _ = self.blocks.solve(self._logits(stack), refinements=0)
        if not self._is_wide:
            A = np.zeros((len(stack), stack.shape[1], len(self.rows)))
            A[:, pairs.tokens, pairs.contexts] = a.T
            return np.asarray(A @ self.rows)
        return np.array([pairs.unpacked(column).T @ self.rows for column in a.T])

    @property
    def _is_wide(self) -> bool:
        """Whether supports are so small a part of the vocabulary that products are formed on them alone."""
        pairs = self.blocks.pairs
        return bool(SPARSE * len(pairs.contexts) < len(self.rows) * pairs.num_tokens)

    def _logits(self, stack: Floats) -> Floats:
        """In-support logits, (n, k)."""
        pairs = self.blocks.pairs
        if not self._is_wide:
            return np.ascontiguousarray((stack @ self.rows.T)[:, pairs.tokens, pairs.contexts].T)
        rows = self.rows[pairs.contexts]
        return np.array([np.einsum("nr,nr->n", rows, W[pairs.tokens]) for W in stack]).T
