"""From attention to loss: frozen values that say what follows, or a head that scores the labels themselves.

Both have −∇CE = Σ_i γ_i M_i with γ_i = w_n a_x B_x; a head gives a_x B_x and the excess over hard retrieval. It
subtracts no nearly equal numbers, and has a scale of its own for margins of thousands (book, lem-select-pushes).
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ntp_lib.attention.selection import Selection
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array

# Largest difference of two output logits; beyond, a softmax leaves the range of float64.
LARGEST_LOGIT = 600.0


class Head(Protocol):
    """What a head makes of log-attention, (n, L), the optimal token first, −inf on the padding."""

    floor: Floats

    def excess(self, log_attention: Floats) -> Floats:
        """f(a) − f(hard retrieval), (n,), nats."""

    def pushes(self, log_attention: Floats) -> tuple[Floats, float]:
        """G, (n, L − 1), and c with a_x B_x = G e^c, where G neither overflows nor vanishes as a whole."""

    def hard_factors(self) -> Floats:
        """Limit of B at hard retrieval, (n, L − 1) or (n, 1)."""


class ValueHead:
    """W_ov held fixed, softmax over the vocabulary, log-loss of the next token.

    Attributes:
        floor: loss of hard retrieval, (n,), nats.
        calibrated_scale: τ where the values are τ W_ov* of orthonormal tokens with different followers; else None.
        largest_lead: Θ, how much logits relative to the label's differ at most between a token and the optimal.

    Raises:
        NTPDataError: values of another shape, or so large that a softmax overflows.
    """

    def __init__(self, selection: Selection, values: Floats) -> None:
        X = selection.embeddings
        values = real_array(values, "values", "(V, d)")
        if values.shape != X.shape or not np.isfinite(values).all():
            raise NTPDataError(f"values of shape {values.shape}; finite ones of shape {X.shape} are needed")
        logits = (X @ values.T)[selection.tokens]
        label = selection.next_token[selection.tokens[:, 0]][:, None, None]
        relative = logits - np.take_along_axis(logits, label, axis=2)
        if np.abs(relative).max() > LARGEST_LOGIT:
            raise NTPDataError(f"values give logits {np.abs(relative).max():.0f} apart; at most 600 can be used")
        # By how much a token's logit for v, relative to the label's, exceeds the optimal token's.
        self._lead = relative - relative[:, :1]
        self._real = selection.losers
        self._lead[:, 1:][~self._real] = 0.0
        hard = np.exp(relative[:, 0])
        self._hard = hard / hard.sum(axis=1, keepdims=True)
        self.floor: Floats = np.log(hard.sum(axis=1))
        self.largest_lead = float(np.abs(self._lead).max())
        self.calibrated_scale = _scale_of(selection, values)

    def excess(self, log_attention: Floats) -> Floats:
        """f(a) − f(hard retrieval), (n,), nats; negative where soft attention is better."""
        return np.log1p(self._gain(np.exp(log_attention)).sum(axis=1))

    def pushes(self, log_attention: Floats) -> tuple[Floats, float]:
        """Σ_x' a_x a_x' (g_x − g_x'), (n, L − 1), over e^c, with g = ∂f/∂a less that of the optimal token."""
        gain = self._gain(np.exp(log_attention))
        p = (self._hard + gain) / (1 + gain.sum(axis=1))[:, None]
        g = np.matmul(self._lead, p[:, :, None])[:, :, 0]
        c = float(np.partition(log_attention, -2, axis=1)[:, -2].max())
        # Only a token with itself can exceed zero, and that product is not needed.
        products = np.exp(np.minimum(log_attention[:, 1:, None] + log_attention[:, None, :] - c, 0.0))
        return (products * (g[:, 1:, None] - g[:, None, :])).sum(axis=2), c

    def hard_factors(self) -> Floats:
        """β_n,x, (n, L − 1): the push of a pair tends to w β m_x/m_* e^{−s}."""
        return np.matmul(self._lead[:, 1:], self._hard[:, :, None])[:, :, 0]

    def curvature(self) -> float:
        """C with |a_* B/β − 1| ≤ C r while r = 1 − a_* is at most 1/28 and 1/(2Θ); inf where some β ≤ 0."""
        beta = self.hard_factors()
        size = np.matmul(np.abs(self._lead[:, 1:]), self._hard[:, :, None])[:, :, 0]
        if (beta[self._real] <= 0).any():
            return float("inf")
        worst = (size.max(axis=1, keepdims=True) / np.where(self._real, beta, np.inf)).max()
        return float(1 + (3.44 * self.largest_lead + np.e) * worst)

    def _gain(self, attention: Floats) -> Floats:
        """Growth of e^logit for each v, over the sum at hard retrieval, (n, V)."""
        shift = np.matmul(attention[:, None, 1:], self._lead[:, 1:])[:, 0]
        return self._hard * np.expm1(shift)


class LabelHead:
    """Loss −log of the attention on the optimal token: the head of the chapter on choice data."""

    def __init__(self, selection: Selection) -> None:
        self.floor: Floats = np.zeros(selection.num_sentences)

    def excess(self, log_attention: Floats) -> Floats:
        """−log a_*, (n,), nats."""
        others = np.exp(log_attention[:, 1:]).sum(axis=1)
        return np.where(others < 0.5, -np.log1p(-np.minimum(others, 0.5)), -log_attention[:, 0])

    def pushes(self, log_attention: Floats) -> tuple[Floats, float]:
        """a_x, (n, L − 1), over e^c."""
        c = float(log_attention[:, 1:].max())
        return np.exp(log_attention[:, 1:] - c), c

    def hard_factors(self) -> Floats:
        """Ones: the push of a pair tends to w m_x/m_* e^{−s}."""
        return np.ones((len(self.floor), 1))


def _scale_of(selection: Selection, values: Floats) -> float | None:
    """τ with values = τ W_ov*, if there is one, tokens are orthonormal and no two have one follower."""
    known = np.flatnonzero(selection.next_token >= 0)
    followers = selection.next_token[known]
    if not selection.orthonormal or len(np.unique(followers)) < len(known):
        return None
    unit = (np.eye(selection.vocab_size)[followers] - 1 / selection.vocab_size).T @ selection.embeddings[known]
    scale = float(np.vdot(values, unit) / np.vdot(unit, unit))
    return scale if scale > 0 and np.abs(values - scale * unit).max() <= 1e-10 * scale else None
