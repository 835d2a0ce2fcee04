"""The next-token cross-entropy, its excess over the entropy, and its gradient (paper, (2) and (12))."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.loss.split import extended_in_support, split_softmax

Floats = npt.NDArray[np.float64]


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
    decoder = data.check_decoder(W)
    finite = offset = 0.0
    for block in data.blocks():
        split = split_softmax(block.embeddings @ decoder.T, block, extended_in_support(decoder, block))
        finite += float(block.context_probs @ split.divergence)
        offset += float(block.context_probs @ np.logaddexp(0.0, split.log_total_offset))
    return finite, offset


def cross_entropy_in_support(W: npt.ArrayLike, data: NTPData) -> float:
    """CE_F(W): the cross-entropy with each softmax restricted to its support (paper, (12))."""
    return data.entropy + excess_parts(W, data)[0]


def gradient(W: npt.ArrayLike, data: NTPData) -> Floats:
    """∇CE(W) = −Σ_j π̂_j (p̂_j − softmax(W h̄_j)) h̄_jᵀ, shape (V, d).

    Residuals off the supports are relatively accurate however small, those on them to the rounding of the logits.
    """
    decoder = data.check_decoder(W)
    total = np.zeros_like(decoder)
    for block in data.blocks():
        residual = split_softmax(block.embeddings @ decoder.T, block).residual()
        total -= (residual * block.context_probs[:, None]).T @ block.embeddings
    return total


def smoothness(data: NTPData) -> float:
    """L = ½ λ_max(Σ_j π̂_j h̄_j h̄_jᵀ): CE is L-smooth, and gradient descent converges for every step below 2/L.

    For embeddings of full row rank this is the exact constant, as a supremum over W (book, lem-smoothness).
    """
    weighted = data.embeddings * np.sqrt(data.context_probs)[:, None]
    return float(np.linalg.norm(weighted, ord=2) ** 2) / 2
