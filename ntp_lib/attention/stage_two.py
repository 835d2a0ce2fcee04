"""The second stage's loss and slope as functions of W_kq, without underflow (book, lem-select-pushes)."""

from __future__ import annotations

from dataclasses import field

import numpy as np

from ntp_lib.attention.heads import Head, LabelHead, ValueHead
from ntp_lib.attention.selection import Selection
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.results import result


@result
class Look:
    """The second stage at one W_kq.

    Attributes:
        margins: s_i = ⟨M_i, W⟩, (n, L − 1), without the counts; inf on the padding.
        log_attention: on the distinct tokens, (n, L), the optimal one first; −inf on the padding.
        pushes: γ_i/e^c, (n, L − 1): positive where a pair is pushed apart, negative where together.
        log_scale: c.
        excess: f − f(hard retrieval) of each sentence, (n,), nats.
        step: −∇CE/‖∇CE‖, (d, d); zero where the gradient is.
        log_slope: log ‖∇CE‖; −inf where it is zero.
    """

    margins: Floats = field(repr=False)
    log_attention: Floats = field(repr=False)
    pushes: Floats = field(repr=False)
    log_scale: float
    excess: Floats
    step: Floats = field(repr=False)
    log_slope: float


class StageTwo:
    """Loss and slope of the second stage, for data and a head.

    Args:
        selection: the sentences.
        values: W_ov, (V, d); None for the head that scores the labels themselves.
        head: another head in place of these two.

    Attributes:
        limits: b_i = w β m_x/m_*, (n, L − 1), 0 on the padding: γ_i e^{s_i} in the limit of hard retrieval.
    """

    def __init__(self, selection: Selection, values: Floats | None = None, head: Head | None = None) -> None:
        self.selection = selection
        self.head: Head = head or (LabelHead(selection) if values is None else ValueHead(selection, values))
        self._query = selection.query[:, None]
        counts = selection.counts.astype(np.float64)
        with np.errstate(divide="ignore"):
            self._log_counts = np.log(counts)
        share = selection.probs[:, None] * counts[:, 1:] / counts[:, :1]
        self.limits: Floats = np.where(selection.losers, share * self.head.hard_factors(), 0.0)
        V = selection.vocab_size
        self._places = (selection.tokens * V + self._query).ravel()
        self._plain = selection.embeddings.shape == (V, V) and bool((selection.embeddings == np.eye(V)).all())

    def log_attention(self, W: Floats) -> Floats:
        """log a, (n, L), −inf on the padding, at W_kq (d, d)."""
        return _log_softmax(self._logits(W) + self._log_counts)

    def margins(self, W: Floats) -> Floats:
        """s_i = ⟨M_i, W⟩, (n, L − 1); inf on the padding."""
        z = self._logits(W)
        return np.where(self.selection.losers, z[:, :1] - z[:, 1:], np.inf)

    def pressure(self, margins: Floats) -> float:
        """S = Σ_i b_i e^{−s_i} (book, thm-select-certificate); inf where a margin is too negative."""
        with np.errstate(over="ignore"):
            return float((self.limits * np.exp(-margins)).sum())

    def look(self, W: Floats) -> Look:
        """Everything at W_kq, (d, d)."""
        z = self._logits(W)
        margins = np.where(self.selection.losers, z[:, :1] - z[:, 1:], np.inf)
        log_a = _log_softmax(z + self._log_counts)
        pushes, scale = self.head.pushes(log_a)
        pushes *= self.selection.probs[:, None]
        step, log_size = self._unit(pushes)
        return Look(margins, log_a, pushes, scale, self.head.excess(log_a), step, log_size + scale)

    def gradient(self, W: Floats) -> Floats:
        """∇CE, (d, d), nats; it underflows where `look` does not."""
        pushes, scale = self.head.pushes(self.log_attention(W))
        return -np.exp(scale) * self._spread(self.selection.probs[:, None] * pushes)

    def _logits(self, W: Floats) -> Floats:
        X = self.selection.embeddings
        U = W if self._plain else X @ W @ X.T
        return U[self.selection.tokens, self._query]

    def _unit(self, push: Floats) -> tuple[Floats, float]:
        """Direction and logarithm of the length of Σ_i γ_i M_i."""
        D = self._spread(push)
        top = float(np.abs(D).max())
        if top == 0:
            return D, -np.inf
        D = D / top
        size = float(np.sqrt(np.vdot(D, D)))
        return np.asarray(D / size), float(np.log(top) + np.log(size))

    def _spread(self, push: Floats) -> Floats:
        """Σ_i γ_i M_i, (d, d), from γ, (n, L − 1)."""
        V, X = self.selection.vocab_size, self.selection.embeddings
        along = np.concatenate([push.sum(axis=1, keepdims=True), -push], axis=1)
        G: Floats = (
            np.bincount(self._places, weights=along.ravel(), minlength=V * V).reshape(V, V).astype(np.float64)
        )
        return G if self._plain else X.T @ G @ X


def _log_softmax(z: Floats) -> Floats:
    """log softmax along rows, exact where the first entry has nearly all: relative to it before it is summed."""
    relative = z - z[:, :1]
    top = relative.max(axis=1, keepdims=True)
    return np.asarray(relative - (top + np.log(np.exp(relative - top).sum(axis=1, keepdims=True))))
