"""Projections onto F without its generators: token blocks on the supports, regularised a little, in passes."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError
from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.results import result
from ntp_lib.numerics.token_blocks import TokenBlocks, TokenPairs
from ntp_lib.subspaces.in_support import InSupportDifferences

# Contexts with several tokens up to which the blocks' equation of levels is formed: 0.9 GB in all.
MAX_LEVELS = 6000
# δ, for unit embeddings. One pass leaves δ/(δ + σ²) of what a singular value σ of the generators contributes, and
# rounding of the size of 1e-16/δ, which the next pass removes.
SHIFT = 1e-8
# Passes; each halves the error at least where σ² ≥ δ.
MAX_PASSES = 100
# Steps that are no shorter than this part of the last one are rounding, if the logits are met as well.
STALLED = 0.9


@result
class BlockProjection:
    """Least decoders with given in-support logits, by token blocks over the contexts with several tokens."""

    differences: InSupportDifferences

    @property
    def _data(self) -> NTPData:
        return self.differences.data

    @cached_property
    def places(self) -> Ints:
        """The pairs among the stored probabilities, token by token, (n,); a zero embedding adds nothing to F."""
        data = self._data
        present = (data.support_sizes > 1) & self.differences.unit.any(axis=1)
        places = np.flatnonzero(present[data.support_rows])
        return np.asarray(places[np.argsort(data.probs.indices[places], kind="stable")], dtype=np.int64)

    @cached_property
    def _contexts(self) -> Ints:
        return np.asarray(np.unique(self._data.support_rows[self.places]), dtype=np.int64)

    @property
    def num_levels(self) -> int:
        """Contexts with several tokens."""
        return len(self._contexts)

    @cached_property
    def _pairs(self) -> TokenPairs:
        data = self._data
        counts = np.bincount(data.probs.indices[self.places], minlength=data.vocab_size)
        levels = np.searchsorted(self._contexts, data.support_rows[self.places])
        return TokenPairs(self.num_levels, np.concatenate([[0], np.cumsum(counts)]), levels)

    @cached_property
    def _blocks(self) -> TokenBlocks:
        blocks = TokenBlocks.factorised(self._pairs, self.differences.unit[self._contexts], SHIFT)
        if blocks is None:
            raise DidNotConvergeError(
                "the embeddings are too nearly dependent for a projection onto F by token blocks; take fewer "
                "contexts"
            )
        return blocks

    def project(self, W: Floats) -> Floats:
        """P_F W, (V, d)."""
        return self.least(self.differences.in_support_logits(W, self.places))

    def least(self, logits: Floats) -> Floats:
        """The shortest decoder whose logits on the pairs, for unit embeddings, are these but for levels, (V, d).

        Args:
            logits: on the pairs at `places`, (n,); there must be such a decoder.

        Raises:
            DidNotConvergeError: it was not reached, the embeddings being too nearly dependent.
        """
        W = np.zeros((self._data.vocab_size, self._data.dim))
        left, last = logits, np.inf
        for _ in range(MAX_PASSES if len(logits) else 0):
            multipliers = self._blocks.solve(left)[0]
            step = np.asarray(self._pairs.unpacked(multipliers).T @ self.differences.unit[self._contexts])
            W += step
            size = float(np.linalg.norm(step))
            stalled = size > STALLED * last and self._met(W, logits)
            if stalled or size <= np.finfo(float).eps * np.linalg.norm(W):
                return W
            left, last = logits - self.differences.in_support_logits(W, self.places), size
        if len(logits):
            raise DidNotConvergeError(f"the projection onto F did not converge in {MAX_PASSES} passes")
        return W

    def _met(self, W: Floats, logits: Floats) -> bool:
        """Whether the logits are met, but for levels, to the rounding of W."""
        left = logits - self.differences.in_support_logits(W, self.places)
        sums = self._pairs.row_sums(np.column_stack([left, np.ones(len(left))]))
        left = left - (sums[:, 0] / sums[:, 1])[self._pairs.contexts]
        return bool(np.abs(left).max() <= 1e-14 * (np.linalg.norm(W) + np.abs(logits).max()))
