"""One blocked pass over the logits of all pairs: what a decoder violates, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntp_lib.margins.working_set.pairs import Indices, Pairs
from ntp_lib.margins.working_set.problem import SparseProblem
from ntp_lib.numerics.aliases import Floats

# Logits held at once (8 or 16 MiB).
BLOCK_ENTRIES = 2**21


@dataclass(frozen=True, eq=False)
class Scan:
    """What a pass found.

    Attributes:
        violation: the largest by which a margin is missed, in units of it; below zero where all are cleared.
        spread: the largest in-support difference of logits, in the same units.
        keys: j·V + v of the pairs found, rising.
        missed: by how much they miss the margin, in units of it.
        logits: on the pairs that were asked for, (p,).
        precise: whether the products were formed in float64.
    """

    violation: float
    spread: float
    keys: Indices
    missed: Floats
    logits: Floats
    precise: bool


def scan(
    W: Floats,
    problem: SparseProblem,
    pairs: Pairs,
    *,
    above: float,
    most: int,
    precision: npt.DTypeLike = np.float64,
) -> Scan:
    """Look for pairs off the supports whose margin is missed by more than `above`, the worst of every context.

    Args:
        W: decoder, (V, d).
        problem: the constraints.
        pairs: whose logits are wanted.
        above: in units of the margin; −∞ takes the worst whatever they are.
        most: pairs taken of a context.
        precision: of the products: float32 finds pairs, float64 decides.
    """
    columns = np.ascontiguousarray(W.T, dtype=precision)
    indptr, tokens = problem.probs.indptr, problem.probs.indices
    m, V = problem.probs.shape
    step = max(1, BLOCK_ENTRIES // V)
    violation, spread, found, missed = -np.inf, 0.0, [], []
    wanted = np.empty(len(pairs.keys), dtype=precision)
    for first in range(0, m, step):
        last = min(first + step, m)
        logits = problem.rows[first:last].astype(precision, copy=False) @ columns
        part = slice(int(pairs.starts[first]), int(pairs.starts[last]))
        wanted[part] = logits.ravel()[pairs.keys[part] - first * V]
        ends = indptr[first : last + 1] - indptr[first]
        rows = np.repeat(np.arange(last - first), np.diff(ends))
        columns_inside = tokens[indptr[first] : indptr[last]]
        inside = logits[rows, columns_inside]
        lowest = np.minimum.reduceat(inside, ends[:-1])
        highest = np.maximum.reduceat(inside, ends[:-1])
        lengths = problem.lengths[first:last]
        spread = max(spread, float(((highest - lowest) * lengths).max()))
        logits[rows, columns_inside] = -np.inf
        violation = max(violation, float(((logits.max(axis=1) - lowest) * lengths).max()) + 1)
        keys = _worst(logits, lowest + (above - 1) / lengths, most)
        rows = keys // V
        missed.append((logits.ravel()[keys] - lowest[rows]) * lengths[rows] + 1)
        found.append(keys + first * V)
    return Scan(
        violation,
        spread,
        np.concatenate(found),
        np.concatenate(missed),
        wanted.astype(np.float64, copy=False),
        np.dtype(precision) == np.float64,
    )


def _worst(logits: Floats, thresholds: Floats, most: int) -> Indices:
    """Places in the flat block of the largest entries above the thresholds, at most so many a row."""
    above = logits > thresholds[:, None].astype(logits.dtype, copy=False)
    crowded = np.flatnonzero(above.sum(axis=1) > most)
    if crowded.size:
        # Only crowded rows are partitioned: there are many at first and few later.
        part = np.where(above[crowded], logits[crowded], -np.inf)
        least = np.partition(part, -most, axis=1)[:, -most, None]
        above[crowded] &= logits[crowded] >= least
    return np.flatnonzero(above).astype(np.int64)
