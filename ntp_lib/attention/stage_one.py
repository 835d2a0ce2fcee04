"""The first stage: what follows a token, learnt by normalised descent (book, prop-select-stage-one)."""

from __future__ import annotations

import numpy as np

from ntp_lib.attention.selection import Selection
from ntp_lib.errors import NTPDataError
from ntp_lib.margins.svm import ntp_svm
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_number


def margin_values(selection: Selection, scale: float = 1.0) -> Floats:
    """τ W_ov*, (V, d): the shortest decoder with margins at least τ on all collocations.

    In closed form Σ_x (e_n(x) − 1/V) xᵀ where the embeddings are orthonormal; by `ntp_lib.ntp_svm` otherwise.

    Args:
        selection: sentences and collocations.
        scale: τ, positive.

    Raises:
        NTPDataError: a scale out of range.
        NotSeparableError: the embeddings allow no such decoder.
    """
    scale = real_number(scale, "scale", above=0, most=300)
    if not selection.orthonormal:
        return np.asarray(scale * np.asarray(ntp_svm(selection.stage_one()).W))
    known = np.flatnonzero(selection.next_token >= 0)
    V = selection.vocab_size
    return np.asarray(scale * (np.eye(V)[selection.next_token[known]] - 1 / V).T @ selection.embeddings[known])


def stage_one_coordinates(selection: Selection, W: Floats) -> Floats:
    """α_x with W = Σ_x α_x (e_n(x) − 1/V) xᵀ, one for each collocation, for W (V, d) of descent from zero.

    Raises:
        NTPDataError: embeddings that are not orthonormal.
    """
    require_orthonormal(selection)
    known = np.flatnonzero(selection.next_token >= 0)
    V = selection.vocab_size
    logits = selection.embeddings[known] @ W.T
    return np.asarray(logits[np.arange(len(known)), selection.next_token[known]] * V / (V - 1))


def stage_one_potential(alpha: Floats, vocab_size: int) -> Floats:
    """Ψ(α) = e^α − 1 + (V − 1) α, which grows at the rate of the token's frequency, times V on the flow."""
    return np.asarray(np.expm1(alpha) + (vocab_size - 1) * alpha)


def stage_one_spread(probs: Floats, vocab_size: int, step_size: float) -> float:
    """B, the bound of |α_i − α_j| along normalised descent from zero with steps of that length.

    Args:
        probs: weights of the collocations, (m,).
        vocab_size: V.
        step_size: η, positive.

    Example:
        >>> float(round(stage_one_spread(np.array([0.5, 0.5]), 2, 0.1), 4))
        0.4547
    """
    step = real_number(step_size, "step_size", above=0) * np.sqrt(vocab_size / (vocab_size - 1))
    return float(np.log(probs.max() / probs.min()) + step + np.log1p((vocab_size - 1) / np.e))


def require_orthonormal(selection: Selection) -> None:
    """Refuse embeddings for which a closed form does not hold.

    Raises:
        NTPDataError: they are not orthonormal.
    """
    if not selection.orthonormal:
        raise NTPDataError("the embeddings are not orthonormal; this formula holds for orthonormal ones only")
