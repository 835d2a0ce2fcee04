"""Projections onto F without its generators: token blocks on the supports, regularised a little, in passes.

Where there are too many contexts for the equation of their levels, LSQR finds the same decoder. A flow, which
needs very many projections, has its own `SupportProjector`.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import scipy.sparse.linalg

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError
from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.results import result
from ntp_lib.numerics.token_blocks import TokenBlocks
from ntp_lib.numerics.token_pairs import TokenPairs
from ntp_lib.subspaces.in_support import InSupportDifferences

# Contexts with several tokens up to which the blocks' equation of levels is formed: 0.9 GB in all; beyond, LSQR.
MAX_LEVELS = 6000
# δ, for unit embeddings. One pass leaves δ/(δ + σ²) of what a singular value σ of the generators contributes, and
# rounding of the size of 1e-16/δ, which the next pass removes.
SHIFT = 1e-8
# Passes; each halves the error at least where σ² ≥ δ.
MAX_PASSES = 100
# LSQR stops at this accuracy, relative to the condition number, or after as many iterations.
LSQR_TOLERANCE = 1e-14
MAX_ITERATIONS = 20_000
# Multiplications of LSQR, a few minutes' work, beyond which it is given up.
MAX_MULTIPLICATIONS = 2 * 10**10
# Steps that are no shorter than this part of the last one are rounding, if the logits are met as well.
STALLED = 0.9
# Violations of logits relative to these and to ‖W‖ that rounding explains.
ROUNDING = 1e-14


@result
class BlockProjection:
    """Shortest decoders with given in-support logits, by token blocks over the contexts with several tokens."""

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

    @property
    def is_factored(self) -> bool:
        """Whether the equation of the levels is formed; else LSQR projects, which may take minutes."""
        return self.num_levels <= MAX_LEVELS

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
        if not self.is_factored:
            return self._by_lsqr(logits)
        W = np.zeros((self._data.vocab_size, self._data.dim))
        left, last = self._centred(logits), np.inf
        largest = float(np.abs(logits).max(initial=0.0))
        for _ in range(MAX_PASSES if len(logits) else 0):
            multipliers = self._blocks.solve(left)[0]
            step = np.asarray(self._pairs.unpacked(multipliers).T @ self.differences.unit[self._contexts])
            W += step
            left = self._centred(logits - self.differences.in_support_logits(W, self.places))
            size, total = float(np.linalg.norm(step)), float(np.linalg.norm(W))
            stalled = size > STALLED * last and np.abs(left).max() <= ROUNDING * (total + largest)
            if stalled or size <= np.finfo(float).eps * total:
                return W
            last = size
        if len(logits):
            raise DidNotConvergeError(f"the projection onto F did not converge in {MAX_PASSES} passes")
        return W

    def _centred(self, values: Floats) -> Floats:
        """Values on the pairs less their mean over every context."""
        levels = self._pairs.contexts
        means = self._pairs.row_sums(values) / np.bincount(levels, minlength=self.num_levels)
        return np.asarray(values - means[levels])

    def _by_lsqr(self, logits: Floats) -> Floats:
        shape = (self._data.vocab_size, self._data.dim)
        unit = self.differences.unit[self._contexts]

        def forward(w: Floats) -> Floats:
            return self._centred(self.differences.in_support_logits(w.reshape(shape), self.places))

        def backward(y: Floats) -> Floats:
            return np.asarray(self._pairs.unpacked(self._centred(y)).T @ unit).ravel()

        operator = scipy.sparse.linalg.LinearOperator(
            (len(logits), shape[0] * shape[1]), matvec=forward, rmatvec=backward, dtype=np.float64
        )
        limit = int(np.clip(MAX_MULTIPLICATIONS // max(1, len(logits) * shape[1]), 100, MAX_ITERATIONS))
        accuracy = {"atol": LSQR_TOLERANCE, "btol": LSQR_TOLERANCE, "conlim": 1e14, "iter_lim": limit}
        solution = scipy.sparse.linalg.lsqr(operator, self._centred(logits), **accuracy)
        if solution[1] == 7:
            raise DidNotConvergeError(f"the projection onto F did not converge in {limit} LSQR iterations")
        return np.asarray(solution[0]).reshape(shape)
