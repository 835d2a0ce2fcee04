"""The law without exchangeability: a fixed point for two matrices over tokens (book, law-matrix)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls
from tqdm import tqdm

from ntp_lib.errors import DidNotConvergeError, NTPDataError

Floats = npt.NDArray[np.float64]

# Iterations over which the value must have come to rest.
WINDOW = 4


@dataclass(frozen=True, eq=False)
class MatrixLaw:
    """Where the iteration of the matrix law came to rest.

    Attributes:
        value: the predicted (m/d)*, trace(P) / trace(E[P(I − D)]).
        disagreement: relative difference from trace(PQ) / trace(P E[rrᵀ]); the two are equal at a fixed point.
        metric: P in an orthonormal basis of the complement of 1, (V−1, V−1), of trace V − 1.
        covariance: Q in the same basis, of trace V − 1.
        iterations: taken.
    """

    value: float
    disagreement: float
    metric: Floats = field(repr=False)
    covariance: Floats = field(repr=False)
    iterations: int


def matrix_threshold(
    supports: npt.NDArray[np.bool_],
    *,
    seed: int = 0,
    tolerance: float = 5e-3,
    max_iterations: int = 100,
    progress: bool = False,
) -> MatrixLaw:
    """Iterate P ∝ E[P(I − D)], Q ∝ E[rrᵀ] over a fixed sample of supports and Gaussian vectors.

    ω ~ N(0, Q); u is the point of K_S nearest to ω in the metric P, D the derivative of that projection, and
    r = ω − u. For exchangeable supports P = Q = I is the fixed point, and the value that of `threshold`.
    P may degenerate: then the tokens in its range decide, and only the value comes to rest.

    Args:
        supports: drawn supports, (n, V); one Gaussian vector for each.
        seed: of the Gaussian vectors.
        tolerance: relative change of the value over the last iterations at which to stop.
        max_iterations: before giving up.
        progress: show a progress bar.

    Raises:
        NTPDataError: no supports, one of them empty, or all of them the whole vocabulary.
        DidNotConvergeError: the value still moves at the last iteration.
    """
    if supports.ndim != 2 or not len(supports) or not supports.any(axis=1).all() or supports.all():
        raise NTPDataError("supports must be (n, V) with n ≥ 1, none empty, and not all the whole vocabulary")
    V = supports.shape[1]
    basis = np.linalg.svd(np.ones((1, V)))[2][1:]
    g = np.random.default_rng(seed).standard_normal((len(supports), V - 1))
    metric = covariance = np.eye(V - 1)
    values: list[float] = []
    for iteration in tqdm(range(1, max_iterations + 1), disable=not progress, desc="matrix law"):
        left, right = _averages(supports, basis, g, metric, covariance)
        values.append(float(np.trace(metric) / np.trace(left)))
        recent = values[-WINDOW - 1 :]
        if len(recent) > WINDOW and max(recent) - min(recent) <= tolerance * values[-1]:
            second = float(np.trace(metric @ covariance) / np.trace(metric @ right))
            return MatrixLaw(values[-1], abs(second / values[-1] - 1), metric, covariance, iteration)
        metric, covariance = (A * (V - 1) / np.trace(A) for A in (left, right))
    raise DidNotConvergeError(f"matrix law: still moving after {max_iterations} iterations, at {values[-1]:.4f}")


def _averages(
    supports: npt.NDArray[np.bool_], basis: Floats, g: Floats, metric: Floats, covariance: Floats
) -> tuple[Floats, Floats]:
    """E[P(I − D)] and E[rrᵀ] over the sample.

    Modulo 1 a point of K_S is −Σ x_v e_v with x ≥ 0 off the support, so that u is found by non-negative least
    squares; P(I − D) takes from P its part along the e_v with x_v > 0.
    """
    root, omegas = _square_root(metric), g @ _square_root(covariance)
    left, right = np.zeros_like(metric), np.zeros_like(metric)
    for support, omega in zip(supports, omegas, strict=True):
        directions = basis[:, ~support]
        x = nnls(root @ directions, -root @ omega)[0] if directions.shape[1] else np.empty(0)
        residual = omega + directions @ x
        right += np.outer(residual, residual)
        free = directions[:, x > 0]
        along = metric @ free
        left += metric
        if free.shape[1]:
            left -= along @ np.linalg.lstsq(free.T @ along, along.T, rcond=None)[0]
    return (left + left.T) / (2 * len(supports)), right / len(supports)


def _square_root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T)
