"""∇CE of choice data for many W: what does not depend on W is computed once (book, def-choice-data).

Accuracy is that of `ntp_lib.loss.slope`: probabilities off the labels are relatively accurate however small, and
where a context has one label, whose residual q − 1 would cancel, it is minus the sum of the others.
"""

from __future__ import annotations

import numpy as np

from ntp_lib.choice.data import ChoiceData
from ntp_lib.loss.slope import UNSHIFTED_NORM
from ntp_lib.numerics.aliases import Floats

# Entries of all features x_jc = E_c ⊗ q_j up to which they are formed: two products with one matrix are faster.
MOST_FEATURE_ENTRIES = 2**18


class ChoiceSlope:
    """W ↦ ∇CE(W) = Σ_j π̂_j Σ_c (softmax_{C_j}(ℓ_j)_c − p̂_jc) E_c q_jᵀ, (d, d') to (d, d').

    It does not check W: where W is not finite, neither is the result.
    """

    def __init__(self, data: ChoiceData) -> None:
        starts = data.candidates.indptr[:-1]
        sizes = np.add.reduceat(data.in_support.astype(np.int64), starts)
        self._keys, self._queries = data.keys[data.tokens], data.queries[data.rows]
        self._shape, self._rows, self._starts = data.shape, data.rows, starts
        small = len(data.rows) * data.keys.shape[1] * data.queries.shape[1] <= MOST_FEATURE_ENTRIES
        self._features = features(data) if small else None
        self._log_counts, self._context_probs = data.log_counts, data.context_probs
        self._weighted_probs = data.probs * data.context_probs[data.rows]
        # Contexts of one label, and where it stands.
        self._alone = np.flatnonzero(sizes == 1)
        self._alone_entries = np.flatnonzero(data.in_support & (sizes == 1)[data.rows])

    def __call__(self, W: Floats) -> Floats:
        """∇CE(W), a new array."""
        return self.spread(self.residuals(self.logits(W)))

    def logits(self, W: Floats) -> Floats:
        """ℓ_jc of every candidate, (n,)."""
        if self._features is not None:
            return np.asarray(self._features @ W.reshape(-1) + self._log_counts)
        return np.einsum("nd,nd->n", self._keys @ W, self._queries) + self._log_counts

    def residuals(self, logits: Floats) -> Floats:
        """π̂_j (softmax_{C_j}(ℓ_j)_c − p̂_jc) of every candidate, (n,)."""
        # A comparison with NaN is false: logits that are not finite take the shifted way too.
        if not np.dot(logits, logits) <= UNSHIFTED_NORM**2:
            logits = logits - np.maximum.reduceat(logits, self._starts)[self._rows]
        masses, alone, entries = np.exp(logits), self._alone, self._alone_entries
        inside = masses[entries]
        masses[entries] = 0.0
        total = np.add.reduceat(masses, self._starts)
        outside = total[alone]
        total[alone] += inside
        scale = self._context_probs / total
        masses *= scale[self._rows]
        masses -= self._weighted_probs
        masses[entries] = -outside * scale[alone]
        return np.asarray(masses)

    def spread(self, residuals: Floats) -> Floats:
        """Σ_jc r_jc E_c q_jᵀ, (d, d')."""
        if self._features is not None:
            return np.asarray(residuals @ self._features).reshape(self._shape)
        return np.asarray((residuals[:, None] * self._keys).T @ self._queries)


def features(data: ChoiceData) -> Floats:
    """x_jc = E_c ⊗ q_j of every candidate, as rows of the length of W, (n, d·d')."""
    keys, queries = data.keys[data.tokens], data.queries[data.rows]
    return np.asarray((keys[:, :, None] * queries[:, None, :]).reshape(len(keys), -1))
