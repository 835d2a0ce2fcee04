"""The NTP-SVM as vectorised cvxpy models, for OSQP, SCS and Clarabel (paper, Def. 3).

Two ways to write the same programme. `levels` gives each context a variable c_j, ties its in-support logits to it
and keeps the others below c_j − 1: every row of the constraint matrix then holds one embedding. `printed` is
Definition 3 with one anchor per context: differences of logits, every row holds an embedding twice.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from ntp_lib.companion.benchmarks.cases import Answer, Contender
from ntp_lib.companion.benchmarks.records import Value
from ntp_lib.data.ntp_data import NTPData

# Loosest first; where the loosest suffices, a peer is not asked for more than is compared.
SETTINGS = {
    "OSQP": ("1e-6", "1e-7", "1e-8"),
    "SCS": ("1e-6", "1e-7", "1e-8", "1e-9"),
    "Clarabel": ("1e-7", "1e-8", "1e-9"),
}
MAX_ITERATIONS = 1_000_000
LEVELS, PRINTED = "levels", "printed"


def cvxpy_contenders(form: str = LEVELS, *, isolated: bool = False) -> tuple[Contender, ...]:
    """OSQP, SCS and Clarabel with one of the two models."""
    suffix = "" if form == LEVELS else ", as printed"
    return tuple(
        Contender(f"{backend}{suffix}", _Backend(backend, form), settings, isolated=isolated)
        for backend, settings in SETTINGS.items()
    )


class _Backend:
    """Builds a model and hands it to one backend; the wall time of a user holds both."""

    def __init__(self, backend: str, form: str) -> None:
        self.backend, self.form = backend, form

    def __call__(self, problem: NTPData, setting: str, limit: float) -> Answer:
        import cvxpy as cp

        W, constraints, multipliers = (_levels if self.form == LEVELS else _printed)(problem)
        model = cp.Problem(cp.Minimize(0.5 * cp.sum_squares(W)), constraints)
        model.solve(solver=self.backend.upper(), **_options(self.backend, float(setting), limit))
        stats = model.solver_stats
        notes: dict[str, Value] = {"status": str(model.status)}
        if stats is not None:
            notes["solver_seconds"] = float(stats.solve_time or 0.0) + float(stats.setup_time or 0.0)
            notes["iterations"] = int(stats.num_iters or 0)
        late = bool(notes.get("solver_seconds", 0.0) >= 0.99 * limit)  # type: ignore[operator]
        if W.value is None:
            return Answer(None, stopped=late, notes=notes)
        return Answer((W.value, multipliers()), stopped=late, notes=notes)


def _options(backend: str, tolerance: float, limit: float) -> dict[str, Any]:
    if backend == "Clarabel":
        accuracy = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), tolerance)
        return {**accuracy, "time_limit": limit}
    accuracy = {"eps_abs": tolerance, "eps_rel": tolerance}
    if backend == "SCS":
        return {**accuracy, "max_iters": MAX_ITERATIONS, "time_limit_secs": limit}
    return {**accuracy, "max_iter": MAX_ITERATIONS, "time_limit": limit}


def _levels(data: NTPData) -> tuple[Any, list[Any], Any]:
    import cvxpy as cp

    support = data.support_mask
    W, levels = cp.Variable((data.vocab_size, data.dim)), cp.Variable(data.num_contexts)
    logits = cp.vec(data.embeddings @ W.T, order="C")
    rows = np.repeat(np.arange(data.num_contexts), data.vocab_size)
    inside, outside = np.flatnonzero(support), np.flatnonzero(~support)
    tied = _pick(inside, support.size) @ logits == _pick(rows[inside], data.num_contexts) @ levels
    below = _pick(outside, support.size) @ logits <= _pick(rows[outside], data.num_contexts) @ levels - 1

    def multipliers() -> np.ndarray:
        dual = np.zeros(support.size)
        dual[inside], dual[outside] = -tied.dual_value, -below.dual_value
        return dual.reshape(support.shape)

    return W, [tied, below], multipliers


def _printed(data: NTPData) -> tuple[Any, list[Any], Any]:
    import cvxpy as cp

    support = data.support_mask
    W = cp.Variable((data.vocab_size, data.dim))
    logits = cp.vec(data.embeddings @ W.T, order="C")
    rows = np.repeat(np.arange(data.num_contexts), data.vocab_size)
    anchors = rows * data.vocab_size + support.argmax(axis=1)[rows]
    inside, outside = np.flatnonzero(support), np.flatnonzero(~support)
    inside = inside[inside != anchors[inside]]
    constraints, tied = [], None
    if inside.size:
        tied = (_pick(anchors[inside], support.size) - _pick(inside, support.size)) @ logits == 0
        constraints.append(tied)
    above = (_pick(anchors[outside], support.size) - _pick(outside, support.size)) @ logits >= 1
    constraints.append(above)

    def multipliers() -> np.ndarray:
        dual = np.zeros(support.size)
        for places, constraint, sign in ((inside, tied, 1.0), (outside, above, -1.0)):
            if constraint is not None:
                dual[places] += sign * constraint.dual_value
                np.add.at(dual, anchors[places], -sign * constraint.dual_value)
        return dual.reshape(support.shape)

    return W, constraints, multipliers


def _pick(places: np.ndarray, length: int) -> sp.csr_array:
    """The 0/1 matrix that takes the entries at the places out of a vector."""
    return sp.csr_array((np.ones(len(places)), (np.arange(len(places)), places)), shape=(len(places), length))
