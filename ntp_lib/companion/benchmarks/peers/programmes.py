"""The NTP-SVM and its certificates as programmes for general solvers (paper, Def. 3).

Two ways to write the quadratic programme. `primal`: W and a level c_j for each context, to which in-support logits
are tied, the others staying below c_j − 1. `dual`: the multipliers A in Gram form, mV unknowns in V equal blocks
and m equations. Both are handed over as matrices; in cvxpy the primal one is written.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp

from ntp_lib.companion.benchmarks.cases import Answer, Contender
from ntp_lib.data.ntp_data import NTPData

MAX_ITERATIONS = 1_000_000
# Loosest first; where the loosest suffices, a peer is not asked for more than is compared.
SETTINGS = ("1e-6", "1e-7", "1e-8", "1e-9", "1e-10")
# By solver: the module it lives in, the names of its two tolerances, and what bounds its work.
SOLVERS: dict[str, tuple[str, tuple[str, ...], dict[str, Any], str]] = {
    "SCS": ("scs", ("eps_abs", "eps_rel"), {"max_iters": MAX_ITERATIONS}, "time_limit_secs"),
    "ProxQP": ("proxsuite", ("eps_abs",), {"eps_rel": 0.0, "backend": "sparse"}, ""),
    "OSQP": ("osqp", ("eps_abs", "eps_rel"), {"max_iter": MAX_ITERATIONS}, "time_limit"),
    "PIQP": ("piqp", ("eps_abs", "eps_rel"), {"backend": "sparse"}, ""),
    "DAQP": ("daqp", ("primal_tol",), {"dual_tol": 1e-12}, ""),
    "Clarabel": ("clarabel", ("tol_gap_abs", "tol_gap_rel", "tol_feas"), {}, "time_limit"),
}


def qp_contenders(
    forms: tuple[str, ...] = ("dual", "primal"),
    solvers: tuple[str, ...] = ("SCS", "ProxQP", "OSQP", "PIQP", "DAQP"),
    *,
    isolated: bool = False,
) -> tuple[Contender, ...]:
    """Solvers called without a modelling language, named after solver and form."""
    make = partial(Contender, settings=SETTINGS, isolated=isolated)
    each = [(name, form) for name in solvers for form in forms]
    return tuple(make(", ".join(both), partial(_direct, *both), missing=_missing(both[0])) for both in each)


def cvxpy_contenders(solvers: tuple[str, ...], *, isolated: bool = False) -> tuple[Contender, ...]:
    """The primal programme written in cvxpy; the wall time of a user holds its translation."""
    make = partial(Contender, settings=SETTINGS, isolated=isolated)
    return tuple(make(f"{name}, cvxpy", partial(_modelled, name)) for name in solvers)


def certificate_contender() -> Contender:
    """A certificate against separability as a point of a polyhedron, by HiGHS."""
    return Contender("HiGHS", _certificate, ("1e-7", "1e-9", "1e-10"))


def _missing(solver: str) -> str:
    needed = [name for name in ("qpsolvers", SOLVERS[solver][0]) if importlib.util.find_spec(name) is None]
    return f"{needed[0]} is not installed" if needed else ""


def _options(solver: str, setting: str, limit: float) -> dict[str, Any]:
    _, tolerances, more, clock = SOLVERS[solver]
    return {**dict.fromkeys(tolerances, float(setting)), **more, **({clock: limit} if clock else {})}


def _direct(solver: str, form: str, problem: NTPData, setting: str, limit: float) -> Answer:
    import qpsolvers

    begin = time.perf_counter()
    programme, answer = (_dual if form == "dual" else _primal)(problem)
    options = _options(solver, setting, limit)
    found = qpsolvers.solve_problem(qpsolvers.Problem(*programme), solver=solver.lower(), **options)
    stopped = time.perf_counter() - begin >= 0.99 * limit
    return Answer(None if found.x is None else answer(found), stopped=stopped)


def _modelled(solver: str, problem: NTPData, setting: str, limit: float) -> Answer:
    import cvxpy as cp

    W, levels = cp.Variable((problem.vocab_size, problem.dim)), cp.Variable((problem.num_contexts, 1))
    support = problem.support_mask
    below = problem.embeddings @ W.T - levels @ np.ones((1, problem.vocab_size))
    tied, apart = below[support] == 0, below[~support] <= -1
    model = cp.Problem(cp.Minimize(0.5 * cp.sum_squares(W)), [tied, apart])
    model.solve(solver=solver.upper(), **_options(solver, setting, limit))
    seconds = float(model.solver_stats.solve_time or 0) if model.solver_stats else 0.0
    if W.value is None:
        return Answer(None, stopped=seconds >= 0.99 * limit)
    dual = np.zeros(support.shape)
    dual[support], dual[~support] = -tied.dual_value, -apart.dual_value
    return Answer((W.value, dual), stopped=seconds >= 0.99 * limit, notes={"solver_seconds": seconds})


def _dual(data: NTPData) -> tuple[tuple[Any, ...], Callable[[Any], tuple[Any, Any]]]:
    """Minimise ½ Σ_v a_vᵀ G a_v + Σ_{off} a over A whose rows sum to zero, A ≤ 0 off the supports."""
    m, V = data.num_contexts, data.vocab_size
    off = ~data.support_mask.T.ravel()
    curvature = sp.block_diag([sp.csc_matrix(data.embeddings @ data.embeddings.T)] * V, format="csc")
    rows = sp.csc_matrix(sp.hstack([sp.eye_array(m)] * V))
    bounds = np.full(m * V, -np.inf), np.where(off, 0.0, np.inf)
    programme = (sp.csc_matrix(curvature), off.astype(float), None, None, rows, np.zeros(m), *bounds)

    def answer(found: Any) -> tuple[Any, Any]:
        dual = found.x.reshape(V, m).T
        return dual.T @ data.embeddings, dual

    return programme, answer


def _primal(data: NTPData) -> tuple[tuple[Any, ...], Callable[[Any], tuple[Any, Any]]]:
    """Minimise ½‖W‖² over W and levels; pairs are ordered token by token, as in the dual."""
    m, d, V = data.num_contexts, data.dim, data.vocab_size
    support = data.support_mask.T.ravel()
    logits = sp.kron(sp.eye_array(V), data.embeddings)
    below = sp.csr_matrix(sp.hstack([logits, -sp.kron(np.ones((V, 1)), sp.eye_array(m))]))
    curvature = sp.csc_matrix(sp.diags_array(np.repeat([1.0, 0.0], [V * d, m])))
    apart, tied = sp.csc_matrix(below[~support]), sp.csc_matrix(below[support])
    free = np.zeros(V * d + m)
    programme = (curvature, free, apart, -np.ones(apart.shape[0]), tied, np.zeros(tied.shape[0]))

    def answer(found: Any) -> tuple[Any, Any]:
        dual = np.zeros(m * V)
        if found.y is not None and found.z is not None:
            dual[support], dual[~support] = -found.y, -found.z
        return found.x[: V * d].reshape(V, d), dual.reshape(V, m).T

    return programme, answer


def _certificate(problem: NTPData, setting: str, limit: float) -> Answer:
    """A with rows that sum to zero, Aᵀ·embeddings = 0, A ≤ 0 off the supports and −1 in sum there."""
    from scipy.optimize import linprog

    m, V = problem.num_contexts, problem.vocab_size
    off = ~problem.support_mask.T.ravel()
    embeddings = problem.embeddings / np.linalg.norm(problem.embeddings, axis=1, keepdims=True)
    equations = [sp.hstack([sp.eye_array(m)] * V), sp.kron(sp.eye_array(V), embeddings.T), off[None, :]]
    A, right = sp.csr_array(sp.vstack(equations)), np.zeros(m + V * problem.dim + 1)
    right[-1] = -1.0
    bounds = np.stack([np.full(m * V, -np.inf), np.where(off, 0.0, np.inf)], axis=1)
    accuracy = dict.fromkeys(("primal_feasibility_tolerance", "dual_feasibility_tolerance"), float(setting))
    found = linprog(0.0 * off, A_eq=A, b_eq=right, bounds=bounds, options={**accuracy, "time_limit": limit})
    if found.x is None:
        return Answer(None, stopped=found.status == 1, notes={"reason": str(found.message)})
    lengths = np.linalg.norm(problem.embeddings, axis=1)
    return Answer(found.x.reshape(V, m).T / lengths[:, None])
