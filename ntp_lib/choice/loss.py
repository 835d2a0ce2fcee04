"""The loss of choice data: its parts, its gradient, its smoothness (book, thm-choice-transfer).

The split of `ntp_lib.loss.split` holds here with C_j in place of the vocabulary:

    CE(W) − H = Σ_j π̂_j KL(p̂_j ‖ softmax_{S_j} ℓ_j) + Σ_j π̂_j log(1 + O_j),

and log(1 + O_j) = −log(what the softmax gives to S_j). Both sums are nonnegative, and none is a difference.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import pdist

from ntp_lib.choice.data import ChoiceData
from ntp_lib.choice.slope import ChoiceSlope
from ntp_lib.data.context_block import ContextBlock
from ntp_lib.errors import NTPDataError
from ntp_lib.loss.cross_entropy import LARGEST_LOGIT, ROUNDING_SHARE
from ntp_lib.loss.split import split_softmax
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.arrays import ArrayKind


def cross_entropy(W: npt.ArrayLike, data: ChoiceData) -> float:
    """CE(W) = −Σ_j π̂_j Σ_c p̂_jc log softmax_{C_j}(ℓ_j)_c in nats (book, def-choice-data).

    Args:
        W: shape (d, d').
        data: the problem.

    Raises:
        NTPDataError: W has the wrong shape or a non-finite entry.
    """
    return data.entropy + excess_loss(W, data)


def excess_loss(W: npt.ArrayLike, data: ChoiceData) -> float:
    """CE(W) − H ≥ 0 in nats, summed from nonnegative parts so that it stays accurate far below 1e-16."""
    soft, hard = excess_parts(W, data)
    return soft + hard


def excess_parts(W: npt.ArrayLike, data: ChoiceData) -> tuple[float, float]:
    """The two parts of the excess: Σ_j π̂_j KL(p̂_j ‖ softmax_{S_j}) and Σ_j π̂_j log(1 + O_j).

    Of `ChoiceReferences.completed`, whose supports are S'_j and whose labels are the softmax in the limit, they
    are the soft and the hard part of CE(W) − inf CE.
    """
    soft, hard = stacked_excess_parts(_representable(W, data)[None], data)
    return float(soft[0]), float(hard[0])


def stacked_excess_parts(stack: Floats, data: ChoiceData) -> tuple[Floats, Floats]:
    """`excess_parts` of k matrices at once, (k, d, d'), finite: two arrays of shape (k,).

    Where the rounding of float64 logits matters, products are taken again in extended precision.
    """
    slots = _Slots(data)
    slope = ChoiceSlope(data)
    split = split_softmax(slots.padded(np.array([slope.logits(W) for W in stack]), -np.inf), slots.block)
    soft = split.divergence @ data.context_probs
    hard = np.logaddexp(0.0, split.log_total_offset) @ data.context_probs
    lengths = np.linalg.norm(data.keys, axis=1).max() * np.linalg.norm(data.queries, axis=1).max()
    with np.errstate(over="ignore"):  # what overflows is far from resolved, or so large that digits abound
        rounding = np.finfo(float).eps * (lengths * np.linalg.norm(stack, axis=(1, 2)) + data.log_counts.max())
    for k in np.flatnonzero(~(rounding * (np.sqrt(2 * soft) + rounding) <= ROUNDING_SHARE * (soft + hard))):
        logits = slots.padded(slope.logits(stack[k]), -np.inf)
        again = split_softmax(logits, slots.block, slots.padded(_extended(stack[k], data), 0.0))
        soft[k] = again.divergence @ data.context_probs
        hard[k] = np.logaddexp(0.0, again.log_total_offset) @ data.context_probs
    return soft, hard


def gradient(W: npt.ArrayLike, data: ChoiceData) -> Any:
    """∇CE(W), shape (d, d'), of the kind of W; see `ChoiceSlope`."""
    with np.errstate(over="ignore"):  # of the square that tells whether logits need a shift
        slope = ChoiceSlope(data)(_representable(W, data))
    return ArrayKind.of(W).convert(slope)


def margins(stack: Floats, data: ChoiceData) -> Floats:
    """Least log-odds of a label over a candidate off the labels, log multiplicities left out.

    Args:
        stack: k matrices, (k, d, d').
        data: the problem.

    Returns:
        min over j, z ∈ S_j and c ∈ C_j∖S_j of ⟨W, x_jz − x_jc⟩, shape (k,); infinite where there is no such c.
    """
    slots, slope = _Slots(data), ChoiceSlope(data)
    logits = slots.padded(np.array([slope.logits(W) - data.log_counts for W in stack]), np.nan)
    inside = np.where(slots.block.support, logits, np.inf).min(axis=-1)
    outside = np.where(slots.held & ~slots.block.support, logits, -np.inf).max(axis=-1)
    return np.asarray((inside - outside).min(axis=-1))


def smoothness(data: ChoiceData) -> float:
    """L = ¼ Σ_j π̂_j M_j², M_j = max over c, c' ∈ C_j of ‖x_jc − x_jc'‖ (book, thm-choice-transfer).

    CE is L-smooth, since a variance is at most a quarter of the squared range: gradient descent converges for
    every step below 2/L. The least such L may be smaller.
    """
    starts, tokens = data.candidates.indptr, data.tokens
    widths = np.array([pdist(data.keys[tokens[a:b]]).max(initial=0.0) for a, b in pairwise(starts)])
    return float(data.context_probs @ (widths * np.linalg.norm(data.queries, axis=1)) ** 2 / 4)


class _Slots:
    """Candidates in the columns of a matrix with as many as the largest context has, (m, T)."""

    def __init__(self, data: ChoiceData) -> None:
        starts, rows = data.candidates.indptr, data.rows
        self._places = rows, np.arange(len(rows)) - starts[rows]
        self._shape = data.num_contexts, int(np.diff(starts).max())
        self.held: Bools = self.padded(np.ones(len(rows)), 0.0) > 0
        probs = self.padded(data.probs, 0.0)
        everything = slice(0, data.num_contexts)
        self.block = ContextBlock(everything, data.queries, data.context_probs, probs, probs > 0)

    def padded(self, values: Floats, filler: float) -> Floats:
        """Values of the candidates, (…, n), in their slots, (…, m, T)."""
        out = np.full((*values.shape[:-1], *self._shape), filler)
        out[(..., *self._places)] = values
        return out


def _extended(W: Floats, data: ChoiceData) -> Floats:
    """ℓ_jc − log p̂_jc less its mean over S_j, 0 off it, (n,), from products in extended precision."""
    kept = np.flatnonzero(data.in_support)
    rows, tokens = data.rows[kept], data.tokens[kept]
    mapped = (data.keys[:, :, None].astype(np.longdouble) * W).sum(axis=1)
    values = (mapped[tokens] * data.queries[rows]).sum(axis=1)
    values += np.log(data.candidates.data[kept].astype(np.longdouble))
    values -= np.log(data.probs[kept].astype(np.longdouble))
    starts = np.searchsorted(rows, np.arange(data.num_contexts))
    sizes = np.diff(np.append(starts, len(rows)))
    values -= (np.add.reduceat(values, starts) / sizes)[rows]
    out = np.zeros(len(data.rows))
    out[kept] = values
    return out


def _representable(W: npt.ArrayLike, data: ChoiceData) -> Floats:
    """The matrix, if its logits are numbers of float64."""
    matrix = data.check_weights(W)
    sizes = [float(np.abs(part).max()) for part in (matrix, data.keys, data.queries)]
    if sizes[1] and sizes[2] and sizes[0] > LARGEST_LOGIT / matrix.size / sizes[1] / sizes[2]:
        raise NTPDataError(
            f"W has entries up to {sizes[0]:.3g}, keys up to {sizes[1]:.3g} and queries up to {sizes[2]:.3g}: "
            "their logits leave the range of float64"
        )
    return matrix
