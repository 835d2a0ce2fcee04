"""What a few tokens leave of a problem: their contexts, the supports among them, and how much these ask for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins.few_tokens.cones import Cones
from ntp_lib.numerics.aliases import Bools

# The noise that measures a load; what is tried depends on it, what is proved does not.
SEED = 0


@dataclass(frozen=True, eq=False)
class Part:
    """Some tokens and the contexts with one of them in support.

    Attributes:
        tokens: their numbers, (K,).
        contexts: theirs, (n,).
        support: which of the tokens each context has, (n, K); no row is empty.
    """

    tokens: npt.NDArray[np.intp]
    contexts: npt.NDArray[np.intp]
    support: Bools

    @classmethod
    def of(cls, data: NTPData, tokens: npt.NDArray[np.intp]) -> Part:
        """What these tokens leave."""
        column = np.full(data.vocab_size, -1)
        column[tokens] = np.arange(len(tokens))
        kept = column[data.probs.indices]
        here = kept >= 0
        contexts, rows = np.unique(data.support_rows[here], return_inverse=True)
        support = np.zeros((len(contexts), len(tokens)), dtype=bool)
        support[rows, kept[here]] = True
        return cls(tokens, contexts, support)

    def sample(self, count: int) -> Part:
        """About `count` of the contexts, spread evenly over those with many and with few of the tokens."""
        if count >= len(self.contexts):
            return self
        order = np.argsort(-self.support.sum(axis=1), kind="stable")
        chosen = np.sort(order[np.linspace(0, len(order) - 1, count).astype(np.intp)])
        return Part(self.tokens, self.contexts[chosen], self.support[chosen])

    @property
    def demand(self) -> int:
        """How many dimensions the contexts bind when logits are random: Σ_j (|pinned tokens of j| − 1).

        A random point of each cone's space is projected on it, as in the threshold law (book, def-water-level).
        """
        noise = np.random.default_rng(SEED).standard_normal(self.support.shape)
        cones = Cones(self.support)
        return int((cones.pinned(cones.residual(noise)).sum(axis=1) - 1).sum())
