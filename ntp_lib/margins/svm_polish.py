"""Sharpen an NTP-SVM solution of another solver by solving its optimality conditions on the face it found."""

from __future__ import annotations

from dataclasses import replace

from ntp_lib.margins.solution import MarginSolution
from ntp_lib.margins.splitting.active_set import refined_solution
from ntp_lib.margins.splitting.problem import ConeProblem

# Multipliers below this fraction of the largest are taken as inactive.
ACTIVE_FRACTION = 1e-5
POLISHED = 1e-10


def polished(solution: MarginSolution) -> MarginSolution:
    """Return the polish where it succeeds, else the solution scaled to margin one where that helps."""
    problem = ConeProblem.of(solution.data)
    xp = problem.xp
    A = problem.kind.convert(solution.dual) * problem.lengths
    negligible = ~problem.support & (-ACTIVE_FRACTION * xp.max(xp.abs(A)) < A)
    A, _ = refined_solution(problem, xp.where(negligible, xp.zeros_like(A), A), tolerance=POLISHED)
    if A is not None:
        dual = A / problem.lengths
        return replace(solution, W=dual.T @ problem.kind.convert(solution.data.embeddings), dual=dual)
    rescaled = _at_margin_one(solution)
    return rescaled if rescaled.verify() else solution


def _at_margin_one(solution: MarginSolution) -> MarginSolution:
    return replace(solution, W=solution.W / solution.margin) if 0.5 < solution.margin < 2 else solution
