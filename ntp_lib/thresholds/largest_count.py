"""The largest dimension that a set of tokens asks for by its equations (book, thm-generic-count)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.optimize import linprog

from ntp_lib.errors import DidNotConvergeError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.thresholds.count_bound import CountBound, valid_supports

# Relative difference of the programme's value and the count of the set read off it; they differ by rounding.
AGREEMENT = 1e-7


def largest_count(supports: npt.ArrayLike | sp.sparray) -> CountBound:
    """Find a set X of tokens with the largest Σ_j (|S_j ∩ X| − 1)₊ / (|X| − 1), by linear programmes.

    The count of a set is supermodular, and Σ_j (Σ_{v∈S_j} x_v − max_{v∈S_j} x_v) its extension to x ≥ 0, a mean of
    the counts of the sets {v : x_v ≥ c}. So for each token u the largest ratio of a set with u is the maximum of
    the extension over x ≤ x_u with Σ_{v≠u} x_v = 1, and some set {v : x_v ≥ c} of an optimal x attains it.

    Args:
        supports: which tokens may follow which context, booleans of shape (m, V), dense or sparse.

    Returns:
        A set with the largest ratio. Its `rank` is, for almost all embeddings, the least dimension in which the
        data are compatible for every choice of probabilities (book, thm-generic-count).

    Raises:
        NTPDataError: as for `count_bound`.
        DidNotConvergeError: the solver fails, or no set attains its value.
    """
    patterns, counts = np.unique(valid_supports(supports), axis=0, return_counts=True)
    several = patterns.sum(axis=1) > 1
    patterns, counts = patterns[several], counts[several]
    if not len(patterns):
        return CountBound((0, 1), 0)
    used = np.flatnonzero(patterns.any(axis=0))
    found = [_best_with(token, patterns[:, used], counts) for token in range(len(used))]
    best = max(found, key=lambda one: one.value)
    return CountBound(tuple(int(used[v]) for v in best.tokens), best.equations)


def _best_with(token: int, patterns: npt.NDArray[np.bool_], counts: npt.NDArray[np.int64]) -> CountBound:
    """The best set that holds a token: variables x, one for each token, and the largest x of each pattern."""
    m, V = patterns.shape
    rows, tokens = np.nonzero(patterns)
    k = np.arange(len(rows))
    inside = sp.csr_array(
        (np.r_[np.ones(len(rows)), -np.ones(len(rows))], (np.r_[k, k], np.r_[tokens, V + rows])),
        shape=(len(rows), V + m),
    )
    below = sp.hstack([sp.eye_array(V) - _column(token, V), sp.csr_array((V, m))])
    others = np.r_[np.arange(V) != token, np.zeros(m)][None]
    answer = linprog(
        -np.r_[counts @ patterns, -counts].astype(np.float64),
        A_ub=sp.vstack([inside, below]),
        b_ub=np.zeros(len(rows) + V),
        A_eq=others.astype(np.float64),
        b_eq=[1.0],
    )
    if answer.status != 0:
        raise DidNotConvergeError(f"the linear programme of token {token} ends with: {answer.message}")
    return _level_set(answer.x[:V], token, -answer.fun, patterns, counts)


def _column(token: int, V: int) -> sp.csr_array:
    return sp.csr_array((np.ones(V), (np.arange(V), np.full(V, token))), shape=(V, V))


def _level_set(
    x: Floats, token: int, value: float, patterns: npt.NDArray[np.bool_], counts: npt.NDArray[np.int64]
) -> CountBound:
    """The best of the sets {v : x_v ≥ c}, which must attain the value."""
    order = [token, *(int(v) for v in np.argsort(-x, kind="stable") if v != token)]
    met = np.cumsum(patterns[:, order], axis=1)
    equations = counts @ np.maximum(met - 1, 0)[:, 1:]
    ratios = equations / np.arange(1, len(order))
    size = int(ratios.argmax())
    if ratios[size] < value - AGREEMENT * max(1.0, value):
        raise DidNotConvergeError(
            f"a set of {size + 2} tokens counts {ratios[size]:g}; the programme says {value:g}"
        )
    return CountBound(tuple(sorted(order[: size + 2])), int(equations[size]))
