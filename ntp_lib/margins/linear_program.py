"""The linear programme of NTP-separability, solved by HiGHS: the reference for the splitting (paper, Def. 2)."""

from __future__ import annotations

from dataclasses import field

import numpy as np
import numpy.typing as npt
import scipy.optimize
import scipy.sparse as sp

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.in_support import unit_embeddings

Pairs = tuple[npt.NDArray[np.intp], ...]


@result
class ProgramOutcome:
    """What HiGHS returned, not yet verified.

    Attributes:
        direction: W where the optimum is one, (V, d).
        multipliers: for unit embeddings, where the optimum is zero, (m, V).
        message: of the solver.
    """

    direction: Floats | None = field(repr=False)
    multipliers: Floats | None = field(repr=False)
    message: str


def solve(data: NTPData, *, time_limit: float) -> ProgramOutcome:
    """Maximise t ≤ 1 over W and levels c with w_z·ĥ_j = c_j on S_j and w_v·ĥ_j ≤ c_j − t off it."""
    unit = unit_embeddings(data)[0]
    _, sigma, basis = np.linalg.svd(unit, full_matrices=False)
    basis = basis[sigma > sigma[0] * max(unit.shape) * np.finfo(float).eps] if sigma[0] > 0 else basis[:1]
    solution, pairs = _solve(unit @ basis.T, data.support_mask, time_limit)
    if solution.x is None:
        return ProgramOutcome(None, None, solution.message)
    if solution.x[-1] > 0.5:
        W = solution.x[: data.vocab_size * len(basis)].reshape(data.vocab_size, len(basis)) @ basis
        return ProgramOutcome(W, None, solution.message)
    raw = np.zeros(data.probs.shape)
    raw[pairs[0]] = solution.eqlin.marginals
    raw[pairs[1]] = solution.ineqlin.marginals
    return ProgramOutcome(None, raw, solution.message)


def _solve(
    unit: Floats, support: npt.NDArray[np.bool_], time_limit: float
) -> tuple[scipy.optimize.OptimizeResult, tuple[Pairs, Pairs]]:
    """Solve the programme in reduced coordinates; variables are W (row by row), c, t."""
    inside, outside = np.nonzero(support), np.nonzero(~support)
    size = support.shape[1] * unit.shape[1]

    def rows_of(pairs: Pairs, t: float) -> sp.csr_array:
        j, z = pairs
        columns = np.hstack(
            [
                z[:, None] * unit.shape[1] + np.arange(unit.shape[1]),
                size + j[:, None],
                np.full_like(j, size + len(unit))[:, None],
            ]
        )
        values = np.hstack([unit[j], np.full((len(j), 1), -1.0), np.full((len(j), 1), t)])
        place = np.arange(0, columns.size + 1, columns.shape[1])
        return sp.csr_array((values.ravel(), columns.ravel(), place), shape=(len(j), size + len(unit) + 1))

    cost = np.zeros(size + len(unit) + 1)
    cost[-1] = -1.0
    bounds = np.full((len(cost), 2), (-np.inf, np.inf))
    bounds[-1] = (0.0, 1.0)
    options = {
        "time_limit": time_limit,
        "primal_feasibility_tolerance": 1e-10,
        "dual_feasibility_tolerance": 1e-10,
    }
    equal, below = rows_of(inside, 0.0), rows_of(outside, 1.0)
    solution = scipy.optimize.linprog(
        cost, A_ub=below, b_ub=np.zeros(below.shape[0]), A_eq=equal, b_eq=np.zeros(equal.shape[0]),
        bounds=bounds, method="highs", options=options,
    )  # fmt: skip
    return solution, (inside, outside)
