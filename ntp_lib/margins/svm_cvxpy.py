"""The reference solver of the NTP-SVM: one vectorised cvxpy model, solved by an interior-point method."""

from __future__ import annotations

import warnings

import numpy as np
import scipy.sparse as sp

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins.certificates import repaired_certificate
from ntp_lib.margins.separability import MAX_NONZEROS
from ntp_lib.margins.svm_solution import NTPSVMSolution
from ntp_lib.subspaces.subspace import subspace


def solve(data: NTPData, *, tolerance: float) -> NTPSVMSolution | None:
    """Solve in coordinates of the embeddings' row space; None where the solver finds no optimum.

    The variables are X with W = X Qᵀ, Q an orthonormal basis of the row space, and one level c_j per context:
    in-support logits equal c_j, the others stay below c_j − 1.
    """
    import cvxpy as cp

    Q = _row_space(data)
    if not Q.size or data.num_contexts * data.vocab_size * Q.shape[1] > MAX_NONZEROS:
        return None  # every embedding is zero, so that no decoder has a margin; or the model would fill the memory
    # The solver's tolerances are absolute, so the longest embedding gets length one.
    longest = float(np.linalg.norm(data.embeddings, axis=1).max())
    coordinates = data.embeddings @ Q / longest
    support = data.support_mask
    X = cp.Variable((data.vocab_size, Q.shape[1]))
    levels = cp.Variable(data.num_contexts)
    logits = cp.vec(X @ coordinates.T, order="F")  # entry j·V + z
    inside, outside = np.nonzero(support.ravel())[0], np.nonzero(~support.ravel())[0]
    equal = logits[inside] == _spread_levels(inside, data) @ levels
    below = logits[outside] <= _spread_levels(outside, data) @ levels - 1
    problem = cp.Problem(cp.Minimize(0.5 * cp.sum_squares(X)), [equal, below])
    accuracy = min(1e-9, tolerance / 10)
    try:
        with warnings.catch_warnings():
            # Whether the solution is accurate is decided from the data.
            warnings.filterwarnings("ignore", message="Solution may be inaccurate")
            problem.solve(solver=cp.CLARABEL, tol_gap_abs=accuracy, tol_gap_rel=accuracy, tol_feas=accuracy)
    except cp.SolverError:
        return None
    if problem.status not in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE) or X.value is None:
        return None
    raw = np.zeros(support.size)
    raw[inside], raw[outside] = -equal.dual_value, -below.dual_value
    W = subspace(data).project_complement(X.value @ Q.T / longest)
    stats = problem.solver_stats
    return NTPSVMSolution(
        data=data,
        W=W,
        dual=repaired_certificate(raw.reshape(support.shape) / longest**2, data),
        tolerance=tolerance,
        solver="cvxpy (Clarabel)",
        iterations=int(stats.num_iters or 0) if stats is not None else 0,
    )


def _row_space(data: NTPData) -> np.ndarray:
    _, sigma, basis = np.linalg.svd(data.embeddings, full_matrices=False)
    keep = sigma > sigma[0] * max(data.embeddings.shape) * np.finfo(float).eps
    return np.asarray(basis[keep].T)


def _spread_levels(places: np.ndarray, data: NTPData) -> sp.csr_array:
    """The 0/1 matrix that gives each flat place j·V + z the level of its context j."""
    rows = places // data.vocab_size
    return sp.csr_array((np.ones(len(rows)), (np.arange(len(rows)), rows)), shape=(len(rows), data.num_contexts))
