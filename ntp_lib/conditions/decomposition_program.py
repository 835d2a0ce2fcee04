"""The linear programme that parts the pairs off support: which diverge, which stay (book, thm-decomposition)."""

from __future__ import annotations

from dataclasses import field

import numpy as np
import scipy.optimize
import scipy.sparse as sp

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins.linear_program import pair_rows
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.results import result
from ntp_lib.numerics.row_space import row_space
from ntp_lib.subspaces.in_support import unit_embeddings

# The simplex method first; it can stall where hardly anything diverges, which suits the interior point method.
METHODS = ("highs-ds", "highs-ipm")
OPTIONS = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}


@result
class Partition:
    """What HiGHS returned, not yet verified.

    Attributes:
        diverging: pairs whose margin reached one, (m, V).
        direction: W with margin one on these and zero on the others, (V, d).
        multipliers: for unit embeddings, at least one in size on the other pairs, (m, V).
    """

    diverging: Bools = field(repr=False)
    direction: Floats = field(repr=False)
    multipliers: Floats = field(repr=False)


def solve(data: NTPData, *, time_limit: float) -> Partition | str:
    """Maximise Σ t_jv, 0 ≤ t ≤ 1, over W and levels c with w_z·ĥ_j = c_j on S_j and w_v·ĥ_j ≤ c_j − t_jv off it.

    The optimum has t = 1 on the diverging pairs and t = 0 on the others; its multipliers certify the latter.

    Returns:
        The partition, or the solver's message where it found no optimum.
    """
    unit = unit_embeddings(data)[0]
    basis = row_space(unit)
    support = data.support_mask
    inside, outside = np.nonzero(support), np.nonzero(~support)
    rows, rank = unit @ basis, basis.shape[1]
    equal, below = pair_rows(rows, inside, data.vocab_size), pair_rows(rows, outside, data.vocab_size)
    count = len(outside[0])
    cost = np.concatenate([np.zeros(equal.shape[1]), -np.ones(count)])
    bounds = np.full((len(cost), 2), (-np.inf, np.inf))
    bounds[-count:] = (0.0, 1.0)
    program = {
        "c": cost,
        "A_ub": sp.hstack([below, sp.eye_array(count)], format="csr"),
        "b_ub": np.zeros(count),
        "A_eq": sp.hstack([equal, sp.csr_array((equal.shape[0], count))], format="csr"),
        "b_eq": np.zeros(equal.shape[0]),
        "bounds": bounds,
    }
    for method in METHODS:
        solution = scipy.optimize.linprog(**program, method=method, options=OPTIONS | {"time_limit": time_limit})
        if solution.status == 0 and solution.x is not None:
            break
    if solution.x is None or solution.status != 0:
        return str(solution.message)
    diverging, multipliers = np.zeros(support.shape, dtype=bool), np.zeros(support.shape)
    diverging[outside] = solution.x[-count:] > 0.5
    multipliers[inside], multipliers[outside] = solution.eqlin.marginals, solution.ineqlin.marginals
    W = solution.x[: data.vocab_size * rank].reshape(data.vocab_size, rank) @ basis.T
    return Partition(diverging, W, multipliers)
