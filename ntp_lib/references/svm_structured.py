"""NTP-SVM by operator splitting on the dual, one factorisation and one clip per iteration.

The dual is: minimise ½‖Aᵀ·embeddings‖² + Σ_{v∉S_j} a_jv over A with rows summing to zero and a_jv ≤ 0 off support.
The quadratic acts on the rows of A through the Gram matrix of the embeddings, the row sums on its columns, so both
are handled at once by one eigendecomposition; the signs are a clip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntp_lib.conditions.certificates import certificate_margin, repaired_certificate
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.references.svm_solution import NTPSVMSolution, SolveStatus

Floats = npt.NDArray[np.float64]

OVER_RELAXATION = 1.6
MAX_ITERATIONS = 40_000
CHECK_EVERY = 20
# Multipliers that bound the margin of every unit direction below this end the iteration: the data are not
# separable, or so nearly not that splitting would take forever; a linear program decides.
HOPELESS_MARGIN = 1e-4
# The penalty is changed only when the residuals differ by more than this factor.
BALANCE = 3.0
# A change of penalty restarts the transient, so changes come ever more rarely.
BALANCE_SPACING = 1.5


@dataclass(frozen=True, eq=False)
class _GramInverse:
    """(G + ρ)^{-1} for G = embeddings·embeddingsᵀ, from one thin singular value decomposition."""

    U: Floats
    squares: Floats

    @classmethod
    def of(cls, embeddings: Floats) -> _GramInverse:
        U, sigma, _ = np.linalg.svd(embeddings, full_matrices=False)
        keep = sigma > sigma[0] * max(embeddings.shape) * np.finfo(float).eps
        return cls(U[:, keep], sigma[keep] ** 2)

    def apply(self, X: Floats, rho: float) -> Floats:
        inner = (1 / (self.squares + rho) - 1 / rho)[:, None] * (self.U.T @ X)
        return X / rho + self.U @ inner


def solve(data: NTPData, *, tolerance: float) -> NTPSVMSolution | None:
    """Solve to recomputed residuals below the tolerance.

    Returns:
        The solution, or the best that was reached within the iteration limit, or None.
    """
    inverse = _GramInverse.of(data.embeddings)
    if not inverse.squares.size:
        return None  # every embedding is zero: no decoder has a margin
    support = data.probs.toarray() > 0
    off = ~support
    rho = float(np.sqrt(inverse.squares[0] * inverse.squares[-1]))
    Z = np.zeros(support.shape)
    Y = np.zeros(support.shape)
    next_balance = CHECK_EVERY
    for iteration in range(1, MAX_ITERATIONS + 1):
        target = rho * (Z - Y) - off
        A = inverse.apply(target - target.mean(axis=1, keepdims=True), rho)
        relaxed = OVER_RELAXATION * A + (1 - OVER_RELAXATION) * Z
        before = Z
        Z = relaxed + Y
        np.minimum(Z, 0.0, out=Z, where=off)
        Y = Y + relaxed - Z
        if iteration % CHECK_EVERY:
            continue
        primal, dual = float(np.linalg.norm(A - Z)), rho * float(np.linalg.norm(Z - before))
        scale = float(np.linalg.norm(Z)) + 1e-300
        if primal <= tolerance * scale and dual <= tolerance * np.sqrt(data.num_contexts):
            solution = _solution(data, Z, tolerance, iteration)
            if solution.status is SolveStatus.OPTIMAL:
                return solution
        if certificate_margin(repaired_certificate(Z, data), data) < HOPELESS_MARGIN:
            return None
        if iteration >= next_balance:
            next_balance = int(iteration * BALANCE_SPACING) + CHECK_EVERY
            rho, Y = _balanced(rho, Y, primal / scale, dual / float(np.linalg.norm(off)))
    return _solution(data, Z, tolerance, MAX_ITERATIONS)


def _balanced(rho: float, Y: Floats, primal: float, dual: float) -> tuple[float, Floats]:
    """Raise the penalty when the primal residual lags, lower it when the dual one does; Y is scaled by 1/ρ."""
    factor = float(np.clip(np.sqrt(primal / max(dual, 1e-300)), 0.1, 10.0))
    if 1 / BALANCE < factor < BALANCE:
        return rho, Y
    return rho * factor, Y / factor


def _solution(data: NTPData, Z: Floats, tolerance: float, iteration: int) -> NTPSVMSolution:
    dual = repaired_certificate(Z, data)
    return NTPSVMSolution(
        data=data,
        W=dual.T @ data.embeddings,
        dual=dual,
        tolerance=tolerance,
        solver="structured",
        iterations=iteration,
    )
