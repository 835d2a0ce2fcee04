"""∇CE estimated from contexts drawn at random, whole or with one token each (paper, fn. 8; book, one-token)."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.loss.slope import BlockSlope
from ntp_lib.loss.token_draws import TokenDraws
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import whole_number

# Entries of an array (128 MiB): a batch has at most so many, and the probabilities are held dense up to it.
MOST_ENTRIES = 2**24


def valid_batch_size(batch_size: int, data: NTPData) -> int:
    """Check how many contexts are drawn at a time.

    Raises:
        NTPDataError: no whole number, or more than a batch's arrays can hold.
    """
    most = max(1, MOST_ENTRIES // max(data.vocab_size, data.dim))
    return whole_number(batch_size, "batch_size", least=1, most=most)


class SampledSlope:
    """W ↦ the mean over a batch of (softmax(W h̄_j) − p̂_j) h̄_jᵀ, j drawn from π̂ with replacement.

    Its expectation is ∇CE(W), and it has the accuracy of `Slope`. A context brings its whole distribution p̂_j: it
    is the contexts that are sampled, not their labels; `TokenSlope` samples both.
    """

    def __init__(self, data: NTPData, *, batch_size: int, seed: int = 0) -> None:
        batch_size = valid_batch_size(batch_size, data)
        self._embeddings, self._probs = data.embeddings, data.probs
        if data.num_contexts * data.vocab_size <= MOST_ENTRIES:
            self._probs = data.probs.toarray()
        self._context_probs = data.context_probs
        self._rng = np.random.default_rng(whole_number(seed, "seed"))
        self._weights = np.full(batch_size, 1 / batch_size)

    def __call__(self, W: Floats) -> Floats:
        """One estimate, (V, d), from a fresh batch."""
        rows = self._rng.choice(len(self._context_probs), len(self._weights), p=self._context_probs)
        probs = self._probs[rows]
        if sp.issparse(probs):
            probs = probs.toarray()
        return BlockSlope(self._embeddings[rows], self._weights, probs)(W)


class TokenSlope:
    """W ↦ the mean over a batch of (softmax(W h̄_j) − e_z) h̄_jᵀ, j drawn from π̂ and then z from p̂_j.

    Its expectation is ∇CE(W). Off F it does not depend on the tokens (book, lem-token-invisible).
    """

    def __init__(self, data: NTPData, *, batch_size: int, seed: int = 0) -> None:
        self._weights = np.full(valid_batch_size(batch_size, data), 1 / batch_size)
        self._embeddings, self._vocab_size = data.embeddings, data.vocab_size
        self._draws = TokenDraws(data, seed=seed)

    def __call__(self, W: Floats) -> Floats:
        """One estimate, (V, d), from a fresh batch."""
        rows, tokens = self._draws.take(len(self._weights))
        labels = np.zeros((len(rows), self._vocab_size))
        labels[np.arange(len(rows)), tokens] = 1.0
        return BlockSlope(self._embeddings[rows], self._weights, labels)(W)
