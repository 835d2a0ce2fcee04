"""Supervised contrastive loss of free features: a convex function of their inner products, with a certificate.

Feature i of class y_i is h_i with ‖h_i‖² ≤ τ, and G = H Hᵀ. The loss in nats is

    f(G) = (1/n) Σ_i [ log Σ_{l≠i} exp(G_il) − (1/(n_{y_i} − 1)) Σ_{j≠i, y_j=y_i} G_ij ],

so that unit features at temperature T are the case τ = 1/T. Over the features it is not convex; over positive
semidefinite G with G_ii ≤ τ it is (book, thm-contrastive-collapse), and a tangent bounds its minimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np
import scipy.optimize

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.numbers import real_number, whole_number
from ntp_lib.numerics.results import result

MAX_ITERATIONS = 5_000
# Beyond it the excess of the loss over its infimum leaves the range of float64.
LARGEST_SQUARED_LENGTH = 300.0


@result
class ContrastiveFeatures:
    """Outcome of `descend_features`.

    Attributes:
        features: H, (n, d), rows of squared length τ.
        labels: class of every row, (n,).
        loss: f(H Hᵀ), nats.
        gap: no positive semidefinite G with G_ii ≤ τ has a loss lower by more than this, nats.
        spread: largest distance of a feature from the mean of its class, as a share of √τ.
    """

    features: Floats = field(repr=False)
    labels: Ints = field(repr=False)
    loss: float
    gap: float
    spread: float


def class_sizes(sizes: Sequence[int]) -> Ints:
    """Numbers of features of the classes, (k,): two classes at least, each of two features at least.

    Raises:
        NTPDataError: fewer classes, or a class without a pair.
    """
    checked = [whole_number(size, f"sizes[{a}]", least=2) for a, size in enumerate(sizes)]
    if len(checked) < 2:
        raise NTPDataError(f"sizes is {checked}; there must be at least two classes")
    return np.array(checked, dtype=np.int64)


def contrastive_loss(gram: Floats, labels: Ints) -> float:
    """f(G) in nats, for G of shape (n, n) and labels of shape (n,); the diagonal of G is not looked at.

    Raises:
        NTPDataError: shapes that do not agree, or a class of one feature.

    Example:
        >>> import numpy as np
        >>> G = np.kron([[1.0, -1.0], [-1.0, 1.0]], np.ones((2, 2)))
        >>> round(contrastive_loss(G, np.array([0, 0, 1, 1])), 6)  # log(1 + 2 e⁻²)
        0.239545
    """
    gram, attraction = _checked(gram, labels)
    logits, highest = _others(gram)
    sums = np.log(np.exp(logits - highest).sum(axis=1)) + highest[:, 0]
    return float(np.mean(sums - (attraction * gram).sum(axis=1)))


def contrastive_gradient(gram: Floats, labels: Ints) -> Floats:
    """∇f(G) among symmetric matrices, (n, n), zero on the diagonal; errors as for `contrastive_loss`."""
    gram, attraction = _checked(gram, labels)
    logits, highest = _others(gram)
    weights = np.exp(logits - highest)
    one_sided = (weights / weights.sum(axis=1, keepdims=True) - attraction) / len(gram)
    return np.asarray((one_sided + one_sided.T) / 2)


def tangent_gap(gram: Floats, gradient: Floats, squared_length: float) -> float:
    """A bound of f(G) − min f over positive semidefinite matrices with diagonal at most τ, for any convex f.

    With μ_i = −(DG)_ii/τ, the bound is ⟨D, G⟩ + τ Σ μ_i⁺ + nτ (−λ_min(D + diag μ⁺))₊ (book,
    lem-contrastive-gap).

    Args:
        gram: G, (n, n), feasible.
        gradient: D, that of f at G, (n, n), symmetric.
        squared_length: τ.

    Raises:
        NTPDataError: arrays of other shapes, or a gradient that is not symmetric.
    """
    n = len(gram)
    if gram.shape != (n, n) or gradient.shape != (n, n):
        raise NTPDataError(f"gram and gradient have shapes {gram.shape} and {gradient.shape}; both must be (n, n)")
    if np.abs(gradient - gradient.T).max() > 1e-9 * np.abs(gradient).max():
        raise NTPDataError("gradient is not symmetric; take (D + Dᵀ)/2")
    prices = np.maximum(-(gradient * gram).sum(axis=1) / squared_length, 0.0)
    lowest = float(np.linalg.eigvalsh(gradient + np.diag(prices))[0])
    slack = float(np.vdot(gradient, gram)) + squared_length * float(prices.sum())
    return slack + n * squared_length * max(-lowest, 0.0)


def descend_features(
    sizes: Sequence[int], *, squared_length: float, dim: int, seed: int = 0
) -> ContrastiveFeatures:
    """Minimise the loss over features of squared length τ by quasi-Newton steps from a Gaussian start.

    The problem is not convex, and nothing is promised; `gap` says how far the outcome is from the least loss of
    all features of squared length at most τ in any dimension.

    Args:
        sizes: numbers of features of the classes, each at least 2.
        squared_length: τ, at most 300.
        dim: d.
        seed: of the start.

    Raises:
        NTPDataError: sizes, squared length or dimension out of range.
    """
    counts = class_sizes(sizes)
    squared_length = checked_squared_length(squared_length)
    dim, seed = whole_number(dim, "dim", least=1), whole_number(seed, "seed")
    labels = np.repeat(np.arange(len(counts)), counts)
    root = np.sqrt(squared_length)

    def value_and_slope(flat: Floats) -> tuple[float, Floats]:
        raw = flat.reshape(len(labels), dim)
        lengths = np.linalg.norm(raw, axis=1, keepdims=True)
        units = raw / lengths
        gram = squared_length * units @ units.T
        slope = 2 * squared_length * contrastive_gradient(gram, labels) @ units
        along = (slope * units).sum(axis=1, keepdims=True)
        return contrastive_loss(gram, labels), ((slope - along * units) / lengths).ravel()

    start = np.random.default_rng(seed).standard_normal(len(labels) * dim)
    options = {"maxiter": MAX_ITERATIONS, "maxfun": 2 * MAX_ITERATIONS, "ftol": 0.0, "gtol": 1e-10}
    found = scipy.optimize.minimize(value_and_slope, start, jac=True, method="L-BFGS-B", options=options)
    features = found.x.reshape(len(labels), dim)
    features *= root / np.linalg.norm(features, axis=1, keepdims=True)
    gram = features @ features.T
    gap = tangent_gap(gram, contrastive_gradient(gram, labels), squared_length)
    means = np.array([features[labels == a].mean(axis=0) for a in range(len(counts))])
    spread = float(np.linalg.norm(features - means[labels], axis=1).max() / root)
    return ContrastiveFeatures(features, labels, contrastive_loss(gram, labels), gap, spread)


def checked_squared_length(value: float) -> float:
    """τ, positive and at most 300.

    Raises:
        NTPDataError: anything else.
    """
    return real_number(value, "squared_length", above=0, most=LARGEST_SQUARED_LENGTH)


def _checked(gram: Floats, labels: Ints) -> tuple[Floats, Floats]:
    """G, and the weights 1/(n_{y_i} − 1) of the pairs of one class."""
    gram = real_array(gram, "gram", "(n, n)", copy=False)
    labels = np.asarray(labels)
    if gram.ndim != 2 or gram.shape != (len(labels), len(labels)):
        raise NTPDataError(f"gram has shape {gram.shape}; {len(labels)} labels need {(len(labels),) * 2}")
    positive = (labels[:, None] == labels[None]) & ~np.eye(len(labels), dtype=bool)
    partners = positive.sum(axis=1, keepdims=True)
    if (partners == 0).any():
        lonely = int(partners.ravel().argmin())
        raise NTPDataError(f"feature {lonely} is alone in class {labels[lonely]}; every class needs two features")
    return gram, positive / partners


def _others(gram: Floats) -> tuple[Floats, Floats]:
    """Inner products with the other features, −∞ on the diagonal, and the largest of each row."""
    logits = np.where(np.eye(len(gram), dtype=bool), -np.inf, gram)
    return logits, logits.max(axis=1, keepdims=True)
