"""When the log-odds equations outnumber the parameters, for any set of tokens (book, lem-count)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ntp_lib.errors import NTPDataError
from ntp_lib.thresholds.support_sizes import SupportSize, support_sizes

# Sets of tokens that are looked through one by one: all of them, up to this vocabulary.
MAX_VOCABULARY = 16


def compatibility_threshold(*, vocab_size: int, support_size: SupportSize) -> float:
    """(m/d)_c = (V − 1)/(E|S| − 1): beyond it random data are not compatible (book, prop-compatibility-threshold).

    Proved for supports exchangeable over tokens: below it, random data are compatible for every choice of
    probabilities. It is always above `threshold`.

    Args:
        vocab_size: V.
        support_size: as for `threshold`.

    Returns:
        The ratio; infinite for one-hot labels, which are always compatible.

    Raises:
        NTPDataError: as for `threshold`.
    """
    equations = support_sizes(vocab_size, support_size).mean - 1
    return float("inf") if equations == 0 else (vocab_size - 1) / equations


@dataclass(frozen=True)
class TokenCount:
    """The set X of tokens with the least room left.

    Attributes:
        tokens: X.
        equations: Σ_j (|S_j ∩ X| − 1)₊, equations between tokens of X.
        parameters: r·(|X| − 1), what a decoder with embeddings of rank r has to meet them.
    """

    tokens: tuple[int, ...]
    equations: int
    parameters: int

    @property
    def holds(self) -> bool:
        """Whether the equations are no more than the parameters."""
        return self.equations <= self.parameters


def tightest_count(support: npt.NDArray[np.bool_], rank: int) -> TokenCount:
    """Find the set of at least two tokens with the least parameters − equations, among all of them.

    Args:
        support: which tokens follow which context, (m, V), V at most 16.
        rank: of the embeddings.

    Raises:
        NTPDataError: a vocabulary too large to look through.
    """
    V = support.shape[1]
    if V > MAX_VOCABULARY:
        raise NTPDataError(f"vocab_size is {V}; all sets of tokens are looked through up to {MAX_VOCABULARY}")
    patterns, counts = np.unique(support, axis=0, return_counts=True)
    best: TokenCount | None = None
    for size in range(2, V + 1):
        for tokens in combinations(range(V), size):
            inside = patterns[:, tokens].sum(axis=1)
            equations = int(counts @ np.maximum(inside - 1, 0))
            found = TokenCount(tokens, equations, rank * (size - 1))
            if best is None or found.parameters - found.equations < best.parameters - best.equations:
                best = found
    assert best is not None
    return best
