"""∇CE for many decoders of one problem: what does not depend on the decoder is computed once.

A training loop needs only the residuals, not the split softmax. These are q_jv − p̂_jv with q = softmax(ℓ_j), and
a probability q_jv is relatively accurate however small. On a support of several tokens the difference is accurate
to the rounding of the logits, which is all they allow. On a support of one token, p̂ = 1, it would cancel, and is
replaced by minus the sum of the probabilities off the support.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ntp_lib.data.context_block import ContextBlock
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.numerics.aliases import Floats

# Logits of at most this Frobenius norm need no shift: neither e^ℓ nor a ratio of two such powers leaves the normal
# range of float64.
UNSHIFTED_NORM = 340.0


class BlockSlope:
    """The part of ∇CE of some contexts, (b, d), (b,) and (b, V), with its constants and its work space."""

    def __init__(self, embeddings: Floats, context_probs: Floats, probs: Floats) -> None:
        alone = np.flatnonzero(np.count_nonzero(probs, axis=1) == 1)
        self._embeddings = embeddings
        self._context_probs = context_probs
        self._weighted_probs = probs * context_probs[:, None]
        self._alone = alone
        self._alone_entries = alone * probs.shape[1] + probs[alone].argmax(axis=1)
        self._ones = np.ones(probs.shape[1])
        self._work = np.empty(probs.shape)

    @classmethod
    def of(cls, block: ContextBlock) -> BlockSlope:
        """The part of a run of contexts."""
        return cls(block.embeddings, block.context_probs, block.probs)

    def __call__(self, W: Floats) -> Floats:
        """Σ_j π̂_j (softmax(W h̄_j) − p̂_j) h̄_jᵀ over the contexts, (V, d)."""
        work, alone, entries = self._work, self._alone, self._alone_entries
        flat = work.reshape(-1)
        np.dot(self._embeddings, W.T, out=work)
        # A comparison with NaN is false: logits that are not finite take the shifted way too.
        if not np.dot(flat, flat) <= UNSHIFTED_NORM**2:
            work -= work.max(axis=1)[:, None]
        np.exp(work, work)
        if alone.size:
            inside = flat[entries]
            flat[entries] = 0.0
        total = np.dot(work, self._ones)
        if alone.size:
            outside = total[alone]
            total[alone] += inside
        scale = self._context_probs / total
        np.multiply(work, scale[:, None], work)
        np.subtract(work, self._weighted_probs, work)
        if alone.size:
            flat[entries] = -outside * scale[alone]
        return np.dot(work.T, self._embeddings)


class Slope:
    """W ↦ ∇CE(W), (V, d) to (V, d), for decoders known to be float64 of the right shape.

    Unlike `gradient` it does not check W: where W is not finite, neither is the result.
    """

    def __init__(self, data: NTPData) -> None:
        self._data = data

    @cached_property
    def _whole(self) -> BlockSlope | None:
        """The only block's part; None where there are several, of which none is kept."""
        blocks = self._data.blocks()
        first = next(blocks)
        return BlockSlope.of(first) if first.rows.stop == self._data.num_contexts else None

    def __call__(self, W: Floats) -> Floats:
        """∇CE(W), a new array."""
        if self._whole is not None:
            return self._whole(W)
        total = np.zeros_like(W)
        for block in self._data.blocks():
            total += BlockSlope.of(block)(W)
        return total
