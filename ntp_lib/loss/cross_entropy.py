"""The next-token cross-entropy, its excess over the entropy, and its gradient (paper, (2) and (12))."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.loss.slope import Slope
from ntp_lib.loss.split import extended_in_support, split_softmax
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import ArrayKind

# Share of an excess loss that the rounding of float64 logits may make up before extended precision is used.
ROUNDING_SHARE = 1e-11
LARGEST_LOGIT = 1e300
# Embeddings whose squares are no numbers of float64 with all their digits have no smoothness.
SMALLEST_ROOT = 1e-150


def cross_entropy(W: npt.ArrayLike, data: NTPData) -> float:
    """CE(W) = −Σ_j π̂_j Σ_{z∈S_j} p̂_jz log softmax_z(W h̄_j) in nats (paper, (2)).

    Args:
        W: decoder, shape (V, d).
        data: the problem.

    Raises:
        NTPDataError: W has the wrong shape or a non-finite entry.
    """
    return data.entropy + excess_loss(W, data)


def excess_loss(W: npt.ArrayLike, data: NTPData) -> float:
    """CE(W) − H ≥ 0 in nats, summed from nonnegative parts so that it stays accurate far below 1e-16."""
    finite, offset = excess_parts(W, data)
    return finite + offset


def excess_parts(W: npt.ArrayLike, data: NTPData) -> tuple[float, float]:
    """The two parts of the excess: CE_F(W) − H, and Σ_j π̂_j log(1 + O_j) (book, exact split)."""
    finite, offset = stacked_excess_parts(_representable(W, data)[None], data)
    return float(finite[0]), float(offset[0])


def stacked_excess_parts(decoders: Floats, data: NTPData) -> tuple[Floats, Floats]:
    """`excess_parts` of K decoders at once.

    Logits in float64 are enough while their rounding is small beside the deviations in support; decoders nearer to
    W* are taken again, one by one, with products in extended precision.

    Args:
        decoders: shape (K, V, d), finite.
        data: the problem.

    Returns:
        CE_F − H and Σ_j π̂_j log(1 + O_j) in nats, each of shape (K,).
    """
    finite, offset = np.zeros(len(decoders)), np.zeros(len(decoders))
    for block in data.blocks():
        split = split_softmax(block.embeddings @ decoders.transpose(0, 2, 1), block)
        finite += split.divergence @ block.context_probs
        offset += np.logaddexp(0.0, split.log_total_offset) @ block.context_probs
    for k in np.flatnonzero(~_is_resolved(finite, offset, decoders, data)):
        finite[k], offset[k] = _extended_parts(decoders[k], data)
    return finite, offset


def _is_resolved(finite: Floats, offset: Floats, decoders: Floats, data: NTPData) -> npt.NDArray[np.bool_]:
    """Whether float64 logits give the excess to a relative ROUNDING_SHARE.

    KL of deviations e with rounding δ moves by about E|e|δ + δ², and E|e| ≤ √(E e²) ≈ √(2 KL).
    """
    longest = float(np.linalg.norm(data.embeddings, axis=1).max())
    with np.errstate(over="ignore"):  # what overflows is far from resolved, or so large that digits abound
        rounding = np.finfo(float).eps * longest * np.linalg.norm(decoders, axis=2).max(axis=1)
    return np.asarray(rounding * (np.sqrt(2 * finite) + rounding) <= ROUNDING_SHARE * (finite + offset))


def _extended_parts(W: Floats, data: NTPData) -> tuple[float, float]:
    finite = offset = 0.0
    for block in data.blocks():
        split = split_softmax(block.embeddings @ W.T, block, extended_in_support(W, block))
        finite += float(block.context_probs @ split.divergence)
        offset += float(block.context_probs @ np.logaddexp(0.0, split.log_total_offset))
    return finite, offset


def cross_entropy_in_support(W: npt.ArrayLike, data: NTPData) -> float:
    """CE_F(W): the cross-entropy with each softmax restricted to its support (paper, (12))."""
    return data.entropy + excess_parts(W, data)[0]


def gradient(W: npt.ArrayLike, data: NTPData) -> Any:
    """∇CE(W) = −Σ_j π̂_j (p̂_j − softmax(W h̄_j)) h̄_jᵀ, shape (V, d), of the kind of W.

    Residuals off the supports are relatively accurate however small, those on them to the rounding of the logits.
    """
    with np.errstate(over="ignore"):  # of the square that tells whether logits need a shift
        slope = Slope(data)(_representable(W, data))
    return ArrayKind.of(W).convert(slope)


def _representable(W: npt.ArrayLike, data: NTPData) -> Floats:
    """The decoder, if its logits are numbers of float64."""
    decoder = data.check_decoder(W)
    entries = float(np.abs(decoder).max()), float(np.abs(data.embeddings).max())
    if entries[1] and entries[0] > LARGEST_LOGIT / data.dim / entries[1]:
        raise NTPDataError(
            f"W has entries up to {entries[0]:.3g} and the embeddings up to {entries[1]:.3g}: their logits leave "
            "the range of float64"
        )
    return decoder


def smoothness(data: NTPData) -> float:
    """L = ½ λ_max(Σ_j π̂_j h̄_j h̄_jᵀ): CE is L-smooth, and gradient descent converges for every step below 2/L.

    For embeddings of full row rank this is the exact constant, as a supremum over W (book, lem-smoothness).
    """
    weighted = data.embeddings * np.sqrt(data.context_probs)[:, None]
    largest = float(np.abs(weighted).max())
    if largest and not SMALLEST_ROOT <= largest <= 1 / SMALLEST_ROOT:
        raise NTPDataError(
            f"the embeddings, weighted, have entries up to {largest:.3g}, whose square, a step size, is hardly a "
            f"number of float64; rescale them to between {SMALLEST_ROOT:g} and {1 / SMALLEST_ROOT:g}"
        )
    return float(np.linalg.norm(weighted, ord=2) ** 2) / 2
