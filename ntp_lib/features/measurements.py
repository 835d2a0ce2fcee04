"""What trained embeddings and a decoder are compared with, and how far they are from it."""

from __future__ import annotations

from dataclasses import field

import numpy as np

from ntp_lib.data.identity import require_same_data
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.features.nuclear_margin import kinds, nuclear_margin, nuclear_norm
from ntp_lib.loss.cross_entropy import excess_loss
from ntp_lib.margins.solution import MarginSolution
from ntp_lib.numerics.aliases import Bools, Floats, Ints
from ntp_lib.numerics.results import result


@result
class FeatureReferences:
    """The fixed points of a problem whose embeddings are trained.

    Attributes:
        data: the labels of the problem on the standard basis, so that a decoder of these data is a matrix Lᵀ of
            logits, (V, m).
        support: (m, V).
        finite: L*, in-support log-odds: log p̂_jz minus its mean over S_j, 0 off the support, (m, V).
        margin: the solution L^mm of the nuclear-norm programme.
    """

    data: NTPData = field(repr=False)
    support: Bools = field(repr=False)
    finite: Floats = field(repr=False)
    margin: MarginSolution = field(repr=False)


def feature_references(data: NTPData, *, tolerance: float = 1e-6) -> FeatureReferences:
    """Λ* and Λ^mm of a problem; its embeddings do not matter.

    Raises:
        NTPDataError: no token is out of support.
        DidNotConvergeError: the nuclear-norm programme was not solved to `tolerance`.
    """
    support = data.support_mask
    probs = data.probs.toarray()
    finite = within_support(np.log(np.where(support, probs, 1.0)), support)
    margin = nuclear_margin(data, tolerance=tolerance)
    return FeatureReferences(margin.data, support, finite, margin)


def feature_references_of(data: NTPData, given: FeatureReferences | None) -> FeatureReferences:
    """The references of a problem, which a caller may have computed already.

    Raises:
        NTPDataError: what is given are not such references, or those of other supports or probabilities.
        DidNotConvergeError: as for `feature_references`.
    """
    if given is None:
        return feature_references(data)
    if not isinstance(given, FeatureReferences):
        raise NTPDataError(
            f"references is {type(given).__name__}; it must be what feature_references returns, or None"
        )
    require_same_data(given.data, data, "references", labels_only=True)
    return given


def within_support(logits: Floats, support: Bools) -> Floats:
    """The part of the logits that differences within supports see: deviations from the mean over S_j, else 0."""
    mean = np.where(support, logits, 0.0).sum(axis=1) / support.sum(axis=1)
    return np.asarray(np.where(support, logits - mean[:, None], 0.0))


def centred(logits: Floats) -> Floats:
    """Rows shifted to sum to zero, which changes no probability."""
    return np.asarray(logits - logits.mean(axis=1)[:, None])


def measure_features(W: Floats, H: Floats, references: FeatureReferences) -> dict[str, float]:
    """Measure a decoder (V, d) with embeddings (m, d).

    Returns:
        excess_loss: CE − entropy, nats.
        norm: nuclear norm of the centred logits.
        margin: least logit of a support minus largest logit off it, over all contexts.
        finite_error: Frobenius distance of the in-support part of the logits from L*.
        cosine: of the centred logits with L^mm.
        cosine_corrected: of what is left of them without the in-support part.
        context_collapse: largest ‖h_i − h_j‖ over the mean of the two lengths, over contexts with equal supports;
            NaN where there is no such pair.
        direction_collapse: the same of the unit vectors h_i/‖h_i‖.
        token_collapse: largest relative distance of rows of W, over tokens that occur in the same supports.
        imbalance: ‖WᵀW − HᵀH‖.
    """
    logits = H @ W.T
    inside = within_support(logits, references.support)
    lowest = np.where(references.support, logits, np.inf).min(axis=1)
    highest = np.where(references.support, -np.inf, logits).max(axis=1)
    return {
        "excess_loss": excess_loss(logits.T, references.data),
        "norm": nuclear_norm(centred(logits)),
        "margin": float((lowest - highest).min()),
        "finite_error": float(np.linalg.norm(inside - references.finite)),
        "cosine": _cosine(centred(logits), references.margin.logits),
        "cosine_corrected": _cosine(centred(logits - inside), references.margin.logits),
        "context_collapse": largest_distance(H, kinds(references.support)[1]),
        "direction_collapse": largest_distance(unit_rows(H), kinds(references.support)[1]),
        "token_collapse": largest_distance(W, kinds(references.support.T)[1]),
        "imbalance": float(np.linalg.norm(W.T @ W - H.T @ H)),
    }


def largest_distance(vectors: Floats, kind: Ints) -> float:
    """Largest ‖x_i − x_j‖ over the mean of the two lengths, over pairs of rows of one kind; NaN without a pair."""
    lengths = np.linalg.norm(vectors, axis=1)
    distances = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    paired = (kind[:, None] == kind[None]) & ~np.eye(len(kind), dtype=bool)
    if not paired.any():
        return float("nan")
    return float((2 * distances[paired] / (lengths[:, None] + lengths[None])[paired]).max())


def unit_rows(vectors: Floats) -> Floats:
    """Every row divided by its length."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1)[:, None])


def _cosine(left: Floats, right: Floats) -> float:
    return float(np.vdot(left, right) / (np.linalg.norm(left) * np.linalg.norm(right)))
