"""Pairs of a context and one token that follows it, as a stream of text brings them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import whole_number

Indices = npt.NDArray[np.intp]


class TokenDraws:
    """j from π̂ and z from p̂_j, by inverse distribution functions over the weights and over a row's stored entries.

    The pairs depend on the seed only, not on how many are taken at a time. A probability of zero is never drawn;
    others are drawn as they are up to m roundings.
    """

    def __init__(self, data: NTPData, *, seed: int = 0) -> None:
        probs = data.probs
        rows = np.repeat(np.arange(data.num_contexts), np.diff(probs.indptr))
        total = np.concatenate([[0.0], np.cumsum(probs.data)])
        # Row j's distribution function, lifted by j: one increasing sequence for all rows.
        self._lifted: Floats = rows + total[1:] - total[probs.indptr[rows]]
        self._starts, self._tokens = probs.indptr, probs.indices
        self._contexts: Floats = np.cumsum(data.context_probs)
        self._rng = np.random.default_rng(whole_number(seed, "seed"))

    def take(self, count: int) -> tuple[Indices, Indices]:
        """The next pairs: contexts and tokens, each (count,)."""
        uniform = self._rng.random((count, 2))
        last = len(self._contexts) - 1
        rows = np.minimum(np.searchsorted(self._contexts, uniform[:, 0], side="right"), last)
        places = np.searchsorted(self._lifted, rows + uniform[:, 1], side="right")
        # Where rounding carries a draw across the edge of its row, the row's first or last entry stands for it.
        places = np.clip(places, self._starts[rows], self._starts[rows + 1] - 1)
        return rows, self._tokens[places].astype(np.intp)
