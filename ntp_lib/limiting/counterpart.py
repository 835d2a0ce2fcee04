"""A compatible problem with the same gradients: p̂_j replaced by what W° itself predicts on S_j."""

from __future__ import annotations

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.limiting.limits import Limits


def compatible_counterpart(references: Limits) -> NTPData:
    """The problem with p̂_j replaced by the softmax of W° on S_j.

    Its gradient and Hessian are those of the data themselves, because ∇CE_F(W°) = 0, and it is compatible with
    W* = W°, so that in-support residuals are differences from its own probabilities.
    """
    data, W = references.data, references.W_finite
    logits = np.einsum("nd,nd->n", W[data.probs.indices], data.embeddings[data.support_rows])
    shifted = np.exp(logits - np.maximum.reduceat(logits, data.probs.indptr[:-1])[data.support_rows])
    probs = data.probs.copy()
    probs.data = shifted / np.add.reduceat(shifted, data.probs.indptr[:-1])[data.support_rows]
    return NTPData(data.embeddings, data.context_probs, probs)
