"""The dimension that counting equations between tokens asks for, on given supports (book, lem-count)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.arrays import to_numpy


@dataclass(frozen=True)
class CountBound:
    """A set X of tokens whose equations ask for a rank.

    Attributes:
        tokens: X, in increasing order.
        equations: Σ_j (|S_j ∩ X| − 1)₊.
    """

    tokens: tuple[int, ...]
    equations: int

    @property
    def value(self) -> float:
        """Σ_j (|S_j ∩ X| − 1)₊ / (|X| − 1): a lower rank is incompatible for almost all probabilities."""
        return self.equations / (len(self.tokens) - 1)

    @property
    def rank(self) -> int:
        """The least rank that the equations of X allow, ⌈value⌉."""
        return -(-self.equations // (len(self.tokens) - 1))


def count_bound(supports: npt.ArrayLike | sp.sparray) -> CountBound:
    """Search greedily for the set of tokens with most equations per parameter (book, lem-count).

    From every token a set grows by the token that adds most equations, and the best set on the way is kept. What
    it finds is a proved lower bound on the rank; that no set asks for more is not: see `largest_count`.

    Args:
        supports: which tokens may follow which context, booleans of shape (m, V), dense or sparse.

    Returns:
        The best set found; of equally good ones the first.

    Raises:
        NTPDataError: an array that is not boolean or not (m, V), or fewer than two tokens.
    """
    patterns, counts = np.unique(valid_supports(supports), axis=0, return_counts=True)
    # Patterns of one token never have an equation.
    several = patterns.sum(axis=1) > 1
    patterns, weighted = patterns[several], counts[several][:, None] * patterns[several]
    best: CountBound | None = None
    for start in range(patterns.shape[1]):
        found = _grown(patterns, weighted.astype(np.int64), start)
        if best is None or found.value > best.value:
            best = found
    assert best is not None
    return best


def _grown(patterns: npt.NDArray[np.bool_], weighted: Ints, start: int) -> CountBound:
    """The best of the sets that grow from one token; a token adds an equation to each support that X meets."""
    V = patterns.shape[1]
    met = patterns[:, start].copy()
    gains = weighted[met].sum(axis=0)
    order, equations = [start], [0]
    outside = np.ones(V, dtype=bool)
    outside[start] = False
    for _ in range(V - 1):
        token = int(np.argmax(np.where(outside, gains, -1)))
        order.append(token)
        equations.append(equations[-1] + int(gains[token]))
        outside[token] = False
        fresh = patterns[:, token] & ~met
        gains += weighted[fresh].sum(axis=0)
        met |= fresh
    values: Floats = np.array(equations[1:]) / np.arange(1, V)
    size = int(values.argmax()) + 2
    return CountBound(tuple(sorted(order[:size])), equations[size - 1])


def valid_supports(supports: Any) -> npt.NDArray[np.bool_]:
    """Read supports, (m, V), or refuse them."""
    given = to_numpy(supports.toarray() if sp.issparse(supports) else supports, "supports")
    array = np.asarray(given)
    if array.dtype != bool or array.ndim != 2:
        raise NTPDataError(
            f"supports has dtype {array.dtype} and shape {array.shape}; booleans of shape (m, V) are needed"
        )
    if not len(array) or array.shape[1] < 2:
        raise NTPDataError(
            f"supports has shape {array.shape}; at least one context and two tokens are needed for an equation"
        )
    return array
