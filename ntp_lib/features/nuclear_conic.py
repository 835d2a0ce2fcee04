"""The nuclear-norm programme given to a conic solver: a second opinion, for small problems."""

from __future__ import annotations

import numpy as np

from ntp_lib.errors import DidNotConvergeError
from ntp_lib.features.kinds import MergedSupports
from ntp_lib.margins import programme
from ntp_lib.numerics.aliases import Floats

ACCURACY = 1e-10


def nuclear_conic(merged: MergedSupports) -> tuple[Floats, Floats, int]:
    """One row and column per kind, ‖√counts · X‖_* as the norm.

    Returns:
        X, (r, c); its multipliers, summed over the pairs that an entry stands for, (r, c); iterations.

    Raises:
        DidNotConvergeError: no optimum was found.
    """
    import cvxpy as cp

    # The embeddings are the standard basis, so that the variable is the transposed matrix of logits.
    found = programme.solve(
        np.eye(len(merged.support)),
        merged.support,
        lambda X: cp.normNuc(cp.multiply(merged.scale.T, X)),
        options={"solver": "CLARABEL", "tol_gap_abs": ACCURACY, "tol_gap_rel": ACCURACY, "tol_feas": ACCURACY},
    )
    if found.X is None or found.multipliers is None:
        raise DidNotConvergeError(f"the nuclear-norm programme was not solved: {found.status}")
    return found.X.T, found.multipliers, found.iterations
