"""The law without exchangeability: a fixed point for two matrices over tokens (book, law-matrix)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls
from tqdm import tqdm

from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import whole_number
from ntp_lib.numerics.results import result

# Relative difference of the two values of m/d up to which the iteration counts as a fixed point.
AGREEMENT = 0.03


@result
class MatrixLaw:
    """Where the iteration of the matrix law came to rest.

    Attributes:
        value: the predicted (m/d)*: mean over the recorded iterations of trace(P) / trace(E[P(I − D)]).
        standard_error: of that mean, from the spread between iterations, whose samples are independent.
        second_value: the same for trace(PQ) / trace(P E[rrᵀ]); at a fixed point the two are equal.
        metric: the last P in an orthonormal basis of the complement of 1, (V−1, V−1), of trace V − 1.
        covariance: the last Q in the same basis, of trace V − 1.
    """

    value: float
    standard_error: float
    second_value: float
    metric: Floats = field(repr=False)
    covariance: Floats = field(repr=False)


def matrix_threshold(
    draw: Callable[[int, np.random.Generator], npt.NDArray[np.bool_]],
    *,
    samples: int = 1000,
    burn_in: int = 25,
    iterations: int = 15,
    seed: int = 0,
    progress: bool = False,
) -> MatrixLaw:
    """Iterate P ∝ E[P(I − D)], Q ∝ E[rrᵀ], with fresh supports and Gaussian vectors each time.

    ω ~ N(0, Q); u is the point of K_S nearest to ω in the metric P, D the derivative of that projection, and
    r = ω − u. For exchangeable supports P = Q = I is the fixed point, and the value that of `threshold`.
    P may degenerate: then the tokens in its range decide, and only the value comes to rest.

    Args:
        draw: gives random supports, (count, V), from a count and a generator.
        samples: an iteration.
        burn_in: iterations that are not recorded.
        iterations: recorded ones, at least two.
        seed: of all samples.
        progress: show a progress bar.

    Raises:
        NTPDataError: an empty support, or a drawn sample in which every support is the whole vocabulary; numbers
            of samples and iterations that are too small.
        DidNotConvergeError: the two values differ by more than three per cent after the iterations asked for.
    """
    samples, burn_in = whole_number(samples, "samples", least=1), whole_number(burn_in, "burn_in")
    iterations, seed = whole_number(iterations, "iterations", least=2), whole_number(seed, "seed")
    rng = np.random.default_rng(seed)
    V = draw(1, rng).shape[1]
    basis = np.linalg.svd(np.ones((1, V)))[2][1:]
    metric = covariance = np.eye(V - 1)
    values: list[tuple[float, float]] = []
    for _ in tqdm(range(burn_in + iterations), disable=not progress, desc="matrix law"):
        supports = draw(samples, rng)
        if not supports.any(axis=1).all() or supports.all():
            raise NTPDataError("no support may be empty, and not all may be the whole vocabulary")
        g = rng.standard_normal((samples, V - 1))
        left, right = _averages(supports, basis, g, metric, covariance)
        first = np.trace(metric) / np.trace(left)
        values.append((float(first), float(np.trace(metric @ covariance) / np.trace(metric @ right))))
        metric, covariance = (A * (V - 1) / np.trace(A) for A in (left, right))
    recorded = np.array(values[burn_in:])
    value, second = map(float, recorded.mean(axis=0))
    if abs(second / value - 1) > AGREEMENT:
        raise DidNotConvergeError(
            f"matrix law: its two values {value:.4f} and {second:.4f} differ after {len(values)} iterations"
        )
    error = float(recorded[:, 0].std(ddof=1) / np.sqrt(iterations))
    return MatrixLaw(value, error, second, metric, covariance)


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
