"""Many steps of stochastic gradient descent, one token each, as updates of rank one (book, one-token)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

import numpy as np
from scipy.linalg.blas import ddot, dger

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.loss.token_draws import TokenDraws
from ntp_lib.numerics.aliases import Floats

# Pairs drawn at a time.
BLOCK = 2**10
# Sums of e^ℓ between these need no shift of the logits: none overflows, and what underflows moves no weight.
SMALLEST_SUM, LARGEST_SUM = 1e-100, 1e100


class TokenDescent:
    """W ↦ W + η_k (e_z − softmax(W h̄_j)) h̄_jᵀ, repeated: the steps of `gradient_descent` along a `TokenSlope`.

    Nothing but W is touched: a product of W with a vector, V exponentials and an update of rank one for each step.
    At ten tokens and sixty dimensions a call costs more than its arithmetic, which decides between NumPy's
    functions, its methods and BLAS itself.
    """

    def __init__(self, data: NTPData, *, step_size: float, step_decay: float = 0.0, seed: int = 0) -> None:
        self._embeddings = list(data.embeddings)
        self._steps = _steps(TokenDraws(data, seed=seed), step_size, step_decay)
        # From place V − 1 − z on this line is one everywhere but at z.
        self._line = np.ones(2 * data.vocab_size - 1)
        self._line[data.vocab_size - 1] = 0.0

    # Logits past the range of e^ℓ are shifted; weights past that of float64 are the caller's to look at.
    @np.errstate(over="ignore", invalid="ignore")
    def __call__(self, W: Floats, steps: int) -> Floats:
        """W after so many further steps, a new array, (V, d)."""
        W = np.array(W, dtype=float, order="C")
        V, columns, product = len(W), W.T, W.dot
        p, line, exp, embeddings = np.empty(V), self._line, np.exp, self._embeddings
        for j, z, size in islice(self._steps, steps):
            h = embeddings[j]
            exp(product(h, p), p)
            # 1 − q_z is summed from the other tokens: it would cancel where q_z is nearly one.
            outside = ddot(p, line, V, 0, 1, V - 1 - z, 1)
            total = outside + p.item(z)
            if not SMALLEST_SUM < total < LARGEST_SUM:
                product(h, p)
                exp(p - p.max(), p)
                outside = ddot(p, line, V, 0, 1, V - 1 - z, 1)
                total = outside + p.item(z)
            p[z] = -outside
            # W += −(η/total) p hᵀ, in place: BLAS counts by columns and is given Wᵀ.
            dger(-size / total, h, p, 1, 1, columns, 1, 1, 1)
        return W


def _steps(draws: TokenDraws, step_size: float, decay: float) -> Iterator[tuple[int, int, float]]:
    """Context, token and η_k = η / k^decay of every step."""
    for start in count(1, BLOCK):
        rows, tokens = draws.take(BLOCK)
        sizes = step_size / np.arange(start, start + BLOCK, dtype=float) ** decay
        yield from zip(rows.tolist(), tokens.tolist(), sizes.tolist(), strict=True)
