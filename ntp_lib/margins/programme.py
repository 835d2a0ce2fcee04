"""The one cvxpy model of ties and levels: least norm under (6a) and (6b), whatever the norm (paper, Def. 3)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.numerics.aliases import Bools, Floats


@dataclass(frozen=True, eq=False)
class Programme:
    """How a programme ended.

    Attributes:
        X: the variable, (V, r); None where the solver found no optimum.
        multipliers: of the ties and of the margins, (m, V), with the sign of A: not positive off the supports.
        status: one word of cvxpy; where X is None, what went wrong.
        iterations: as the solver counts them.
    """

    X: Floats | None
    multipliers: Floats | None
    status: str
    iterations: int = 0


def solve(
    rows: Floats,
    support: Bools,
    objective: Callable[[Any], Any],
    *,
    options: Mapping[str, Any],
    decoder: Callable[[Any], Any] = lambda X: X,
) -> Programme:
    """Minimise `objective(X)` where in-support logits equal a level c_j and the others stay below c_j − 1.

    Whether what comes out is accurate is for the caller to decide, from the data.

    Args:
        rows: h̄_j in the coordinates of the decoder, (m, r).
        support: S_j, (m, V).
        objective: of the variable X, (V, r).
        options: for cvxpy's `solve`: the solver and its tolerances.
        decoder: W as a function of X.
    """
    import cvxpy as cp

    X, levels = cp.Variable((support.shape[1], rows.shape[1])), cp.Variable(len(rows))
    logits = cp.vec(decoder(X) @ rows.T, order="F")  # entry j·V + z
    inside, outside = np.flatnonzero(support), np.flatnonzero(~support)
    equal = logits[inside] == _spread_levels(inside, support.shape) @ levels
    below = logits[outside] <= _spread_levels(outside, support.shape) @ levels - 1
    problem = cp.Problem(cp.Minimize(objective(X)), [equal, below])
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Solution may be inaccurate")
            problem.solve(**options)
    except cp.SolverError as error:
        return Programme(None, None, str(error))
    if X.value is None or equal.dual_value is None or below.dual_value is None:
        return Programme(None, None, f"status {problem.status}")
    multipliers = np.zeros(support.size)
    multipliers[inside], multipliers[outside] = -equal.dual_value, -below.dual_value
    stats = problem.solver_stats
    iterations = int(stats.num_iters or 0) if stats is not None else 0
    return Programme(np.asarray(X.value), multipliers.reshape(support.shape), str(problem.status), iterations)


def half_square(X: Any) -> Any:
    """½‖X‖²."""
    import cvxpy as cp

    return 0.5 * cp.sum_squares(X)


def _spread_levels(places: npt.NDArray[np.intp], shape: tuple[int, int]) -> sp.csr_array:
    """The 0/1 matrix that gives each flat place j·V + z the level of its context j."""
    rows = places // shape[1]
    return sp.csr_array((np.ones(len(rows)), (np.arange(len(rows)), rows)), shape=(len(rows), shape[0]))
