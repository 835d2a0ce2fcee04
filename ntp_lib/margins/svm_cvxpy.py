"""The reference solver of the NTP-SVM: the vectorised cvxpy model, solved by an interior-point method."""

from __future__ import annotations

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins import programme
from ntp_lib.margins.certificates import repaired_certificate
from ntp_lib.margins.norms import FROBENIUS
from ntp_lib.margins.separability import MAX_NONZEROS
from ntp_lib.margins.solution import MarginSolution
from ntp_lib.numerics.row_space import row_space
from ntp_lib.subspaces.subspace import subspace

SOLVED = ("optimal", "optimal_inaccurate")


def solve(data: NTPData, *, tolerance: float) -> MarginSolution | None:
    """Solve in coordinates of the embeddings' row space; None where the solver finds no optimum."""
    basis = row_space(data.embeddings)
    if not basis.size or data.num_contexts * data.vocab_size * basis.shape[1] > MAX_NONZEROS:
        return None  # every embedding is zero, so that no decoder has a margin; or the model would fill the memory
    # The solver's tolerances are absolute, so the longest embedding gets length one.
    longest = float(np.linalg.norm(data.embeddings, axis=1).max())
    accuracy = min(1e-9, tolerance / 10)
    options = {"solver": "CLARABEL", "tol_gap_abs": accuracy, "tol_gap_rel": accuracy, "tol_feas": accuracy}
    found = programme.solve(
        data.embeddings @ basis / longest, data.support_mask, programme.half_square, options=options
    )
    if found.X is None or found.multipliers is None or found.status not in SOLVED:
        return None
    return MarginSolution(
        data=data,
        geometry=FROBENIUS,
        W=subspace(data).project_complement(found.X @ basis.T / longest),
        dual=repaired_certificate(found.multipliers / longest**2, data),
        tolerance=tolerance,
        solver="cvxpy (Clarabel)",
        iterations=found.iterations,
    )
