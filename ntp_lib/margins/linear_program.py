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
from ntp_lib.numerics.row_space import row_space
from ntp_lib.subspaces.in_support import unit_embeddings

Pairs = tuple[npt.NDArray[np.intp], ...]


def pair_rows(embeddings: Floats, pairs: Pairs, vocab_size: int) -> sp.csr_array:
    """One row w_z·h̄_j − c_j per pair (j, z); the columns are W, row by row, and the levels c."""
    (m, d), (contexts, tokens) = embeddings.shape, pairs
    columns = np.hstack([tokens[:, None] * d + np.arange(d), vocab_size * d + contexts[:, None]])
    values = np.hstack([embeddings[contexts], np.full((len(contexts), 1), -1.0)])
    places = np.arange(0, columns.size + 1, d + 1)
    return sp.csr_array((values.ravel(), columns.ravel(), places), shape=(len(contexts), vocab_size * d + m))


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
    basis = row_space(unit)
    solution, pairs = _solve(unit @ basis, data.support_mask, time_limit)
    if solution.x is None:
        return ProgramOutcome(None, None, solution.message)
    if solution.x[-1] > 0.5:
        rank = basis.shape[1]
        W = solution.x[: data.vocab_size * rank].reshape(data.vocab_size, rank) @ basis.T
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
    cost = np.zeros(size + len(unit) + 1)
    cost[-1] = -1.0
    bounds = np.full((len(cost), 2), (-np.inf, np.inf))
    bounds[-1] = (0.0, 1.0)
    options = {
        "time_limit": time_limit,
        "primal_feasibility_tolerance": 1e-10,
        "dual_feasibility_tolerance": 1e-10,
    }
    equal, below = (
        sp.hstack([pair_rows(unit, pairs, support.shape[1]), sp.csr_array(np.full((len(pairs[0]), 1), t))])
        for pairs, t in ((inside, 0.0), (outside, 1.0))
    )
    solution = scipy.optimize.linprog(
        cost, A_ub=below, b_ub=np.zeros(below.shape[0]), A_eq=equal, b_eq=np.zeros(equal.shape[0]),
        bounds=bounds, method="highs", options=options,
    )  # fmt: skip
    return solution, (inside, outside)
