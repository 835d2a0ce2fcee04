"""Words on a trigonometric curve: 2 max S_j dimensions are enough for any number of contexts and words."""

from __future__ import annotations

from dataclasses import field

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.results import result


@result
class TrigonometricFeatures:
    """A decoder and two sets of embeddings; H + γD reaches the entropy as γ → ∞ (book, thm-feature-dimension).

    Attributes:
        W: (cos kθ_z, sin kθ_z) for k = 1..s at θ_z = 2πz/V, (V, 2s), s the largest support size.
        H: embeddings whose logits have the log-odds of the data within supports, (m, 2s).
        D: embeddings whose logits are equal on the support and at least one lower off it, (m, 2s); 0 where the
            support is the whole vocabulary.
    """

    W: Floats = field(repr=False)
    H: Floats = field(repr=False)
    D: Floats = field(repr=False)


def trigonometric_features(data: NTPData) -> TrigonometricFeatures:
    """Place the words on the curve and give every context its two trigonometric polynomials.

    The logits of D are minus a multiple of Π_{y∈S_j} (1 − cos(θ − θ_y)), of degree S_j, which vanishes on the
    support and is positive off it; those of H interpolate log p̂_j on S_j. Constants do not matter to a softmax.

    Args:
        data: supports and probabilities; its embeddings are not used.
    """
    support, probs = data.support_mask, data.probs.toarray()
    degree = int(data.support_sizes.max())
    angles = 2 * np.pi * np.arange(data.vocab_size) / data.vocab_size
    waves = np.outer(angles, np.arange(1, degree + 1))
    W = np.hstack([np.cos(waves), np.sin(waves)])
    H, D = (np.zeros((data.num_contexts, 2 * degree)) for _ in range(2))
    for j, inside in enumerate(support):
        H[j] = _coefficients(W[inside], np.log(probs[j, inside]))
        if not inside.all():
            bump = np.prod(1 - np.cos(angles[:, None] - angles[inside]), axis=1)
            D[j] = _coefficients(W, -bump / bump[~inside].min())
    return TrigonometricFeatures(W, H, D)


def _coefficients(waves: Floats, values: Floats) -> Floats:
    """h with waves @ h = values up to a constant, of least norm."""
    with_constant = np.column_stack([waves, np.ones(len(waves))])
    return np.asarray(np.linalg.lstsq(with_constant, values, rcond=None)[0][:-1])
