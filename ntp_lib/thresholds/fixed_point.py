"""The law without exchangeability: a fixed point for two V×V matrices (book, law-matrix)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls
from tqdm import tqdm

from ntp_lib.errors import DidNotConvergeError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MatrixLaw:
    """A fixed point of the matrix law.

    Attributes:
        value: the predicted (m/d)*.
        metric: P, (V, V), V − 1 positive eigenvalues and P·1 = 0, of trace V − 1.
        covariance: Q of the logits, (V, V), Q·1 = 0, of trace V − 1.
        mismatch: largest relative difference of the two sides of either equation.
        iterations: taken.
    """

    value: float
    metric: Floats
    covariance: Floats
    mismatch: float
    iterations: int


def matrix_threshold(
    supports: npt.NDArray[np.bool_],
    *,
    seed: int = 0,
    tolerance: float = 1e-4,
    max_iterations: int = 200,
    progress: bool = False,
) -> MatrixLaw:
    """Iterate the two equations over a fixed sample of supports and Gaussian vectors.

    With ω = Q^{1/2} g, u the point of K_S nearest to ω in the metric P and D the derivative of that projection,
    P = (m/d)·E[P(I − D)] and Q = (m/d)·E[(ω − u)(ω − u)ᵀ], all on the complement of 1.

    Args:
        supports: drawn supports, (n, V); one Gaussian vector for each.
        seed: of the Gaussian vectors.
        tolerance: of `mismatch`.
        max_iterations: before giving up.
        progress: show a progress bar.

    Raises:
        DidNotConvergeError: the mismatch is above the tolerance at the last iteration.
    """
    V = supports.shape[1]
    centre = np.eye(V) - 1 / V
    g = np.random.default_rng(seed).standard_normal(supports.shape) @ centre
    metric = covariance = centre
    for iteration in tqdm(range(1, max_iterations + 1), disable=not progress, desc="matrix law"):
        left, right = _averages(supports, g, metric, covariance)
        # Stein's identity makes the two ratios agree at a fixed point.
        value = (V - 1) / float(np.trace(np.linalg.pinv(metric) @ left))
        new_metric, new_covariance = (A * (V - 1) / np.trace(A) for A in (left, right))
        mismatch = max(
            float(np.abs(new - old).max() / np.abs(old).max())
            for new, old in ((new_metric, metric), (new_covariance, covariance))
        )
        metric, covariance = new_metric, new_covariance
        if mismatch <= tolerance:
            return MatrixLaw(value, metric, covariance, mismatch, iteration)
    raise DidNotConvergeError(f"matrix law: mismatch {mismatch:.1e} after {max_iterations} iterations")


def _averages(
    supports: npt.NDArray[np.bool_], g: Floats, metric: Floats, covariance: Floats
) -> tuple[Floats, Floats]:
    """E[P(I − D)] and E[(ω − u)(ω − u)ᵀ] over the sample."""
    root, omegas = _square_root(metric), g @ _square_root(covariance)
    left, right = np.zeros_like(metric), np.zeros_like(metric)
    for support, omega in zip(supports, omegas, strict=True):
        outside = np.flatnonzero(~support)
        # Modulo 1 a point of the cone is −Σ x_v e_v, x ≥ 0 off the support: non-negative least squares.
        x, _ = nnls(root[:, outside], -root @ omega)
        residual = omega.copy()
        residual[outside] += x
        residual -= residual.mean()
        right += np.outer(residual, residual)
        free = outside[x > 0]
        columns = metric[:, free]
        left += metric - columns @ np.linalg.solve(metric[np.ix_(free, free)], columns.T) if len(free) else metric
    return left / len(supports), right / len(supports)


def _square_root(matrix: Floats) -> Floats:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T)
