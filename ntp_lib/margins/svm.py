"""The NTP-SVM: the least-norm decoder that ties in-support logits and clears the others by one (paper, Def. 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.threads import small_problems_on_one_thread
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.margins import svm_active_set, svm_cvxpy
from ntp_lib.margins.certificates import of_a_zero_embedding, repaired_certificate
from ntp_lib.margins.norms import FROBENIUS
from ntp_lib.margins.separability import FALLBACK_NONZEROS, from_few_tokens, separability
from ntp_lib.margins.separability_verdict import Separability, Verdict, certified_error, excluded
from ntp_lib.margins.solution import MarginSolution
from ntp_lib.margins.splitting.active_set import refined_solution
from ntp_lib.margins.splitting.problem import ConeProblem
from ntp_lib.margins.splitting.solve import Answer
from ntp_lib.margins.splitting.solve import solve as split
from ntp_lib.numerics.arrays import to_numpy
from ntp_lib.numerics.numbers import real_number
from ntp_lib.subspaces.in_support import unit_embeddings
from ntp_lib.subspaces.scaling import binary_exponent, refuse_out_of_range, rescaled, times_power_of_two

# For the polish: multipliers below this fraction of the largest are inactive; the tolerance of a face.
ACTIVE_FRACTION, POLISHED = 1e-5, 1e-10
# Contexts at a smaller angle are named where a solve fails; beyond so many contexts they are not looked for.
TINY_ANGLE, MOST_COMPARED = 1e-3, 5000
# Seconds of which a share goes to a refutation by few tokens, as in `separability`.
FEW_TOKENS_LIMIT = 600.0


class Solver(Protocol):
    """A way to solve the programme; returns a verdict if it proves that there is no margin, None if it fails."""

    def __call__(self, data: NTPData, *, tolerance: float) -> MarginSolution | Separability | None: ...


def _by_splitting(data: NTPData, *, tolerance: float) -> MarginSolution | Separability:
    """Solve in arrays of the data's own kind by `ntp_lib.margins.splitting` (book, structured solver)."""
    refuted = from_few_tokens(data, FEW_TOKENS_LIMIT) if data.num_contexts > data.dim else None
    if refuted is not None:
        return refuted
    outcome = split(data, tolerance=tolerance)
    if outcome.answer is Answer.CERTIFICATE:
        return excluded(data, repaired_certificate(to_numpy(outcome.dual), data))
    W = outcome.dual.T @ data.kind.convert(data.embeddings)
    return MarginSolution(data, FROBENIUS, W, outcome.dual, tolerance, outcome.solver, outcome.iterations)


# A new solver is one more line here.
SOLVERS: dict[str, Solver] = {"structured": _by_splitting, "cvxpy": svm_cvxpy.solve}


@small_problems_on_one_thread
def ntp_svm(data: NTPData, *, solver: str = "structured", tolerance: float = 1e-7) -> MarginSolution:
    """Solve minimise ½‖W‖² subject to (6a) and (6b) (paper, Def. 3).

    Args:
        data: the problem.
        solver: "structured" (operator splitting; hands problems it cannot finish to an active-set method where
            they are small, or to the other one, and says so in the solution's `solver`) or "cvxpy" (a vectorised
            interior-point model, the reference).
        tolerance: the recomputed margin is at least 1 − tolerance, and the gap at most tolerance.

    Returns:
        The solution with its multipliers; its residuals are recomputed from the data.

    Raises:
        NotSeparableError: a certificate excludes every margin above 1e-13 per unit of ‖W‖ and of embedding length;
            it is carried along.
        DidNotConvergeError: the tolerance was not reached, or separability could not be decided.
        NTPDataError: unknown solver, bad tolerance, no token out of support, or embeddings so short, long or
            unequal that W^mm or its multipliers are beyond float64.

    Example:
        >>> from ntp_lib import synthetic
        >>> float(round(ntp_svm(synthetic.toy_2d()).margin, 6))
        1.0
    """
    if not isinstance(solver, str) or solver not in SOLVERS:
        raise NTPDataError(f"unknown solver {solver!r}; valid: {', '.join(SOLVERS)}")
    tolerance = real_number(tolerance, "tolerance", above=0, below=1)
    data.require_out_of_support()
    problem, exponent = rescaled(data)
    solution = _solve(problem, solver, tolerance)
    return solution if exponent == 0 else _in_the_units_of(data, solution, exponent)


def _solve(data: NTPData, solver: str, tolerance: float) -> MarginSolution:
    """Try the solver asked for, then what a structured attempt falls back on."""
    found = _attempt(data, solver, tolerance) if of_a_zero_embedding(data) is None else None
    solution = found if isinstance(found, MarginSolution) else None
    if solution is not None and solution.verify():
        return solution
    if isinstance(found, Separability) and found.holds is False:
        verdict = found
    else:
        # A splitting that ended undecided would do so again.
        undecided = solver == "structured" and solution is not None and _size(data) <= FALLBACK_NONZEROS
        verdict = separability(data, solver="highs" if undecided else "structured")
    if verdict.status is Verdict.NOT_SEPARABLE:
        raise certified_error(verdict, "no margin exists beyond rounding")
    for other in FALLBACKS if solver == "structured" else ():
        attempt = other(data, verdict, tolerance)
        if isinstance(attempt, MarginSolution):
            if attempt.verify():
                return attempt
            solution = attempt
    ended = f"margin {solution.margin:.9g}, gap {solution.gap:.1e}" if solution is not None else "no solution"
    reason = f" ({verdict.reason})" if verdict.reason else ""
    raise DidNotConvergeError(
        f"solver {solver!r} ended with {ended}, asked for {tolerance:.1e}; separability: {verdict.status.value}"
        f"{reason}{_nearly_parallel(data)}"
    )


def _nearly_parallel(data: NTPData) -> str:
    """The two contexts that are the hardest to tell apart, in words, where their angle is tiny; else nothing."""
    if data.num_contexts > MOST_COMPARED:
        return ""
    unit, _ = unit_embeddings(data)
    cosines = np.abs(unit @ unit.T)
    np.fill_diagonal(cosines, 0.0)
    j, k = (int(i) for i in np.unravel_index(np.argmax(cosines), cosines.shape))
    angle = min(float(np.linalg.norm(unit[j] - sign * unit[k])) for sign in (1, -1))
    if not 0 < angle < TINY_ANGLE:
        return ""
    return f"; contexts {j} and {k} are parallel but for an angle of {angle:.1e}, which makes the margin small"


def _size(data: NTPData) -> int:
    return data.num_contexts * data.vocab_size * min(data.dim, data.num_contexts)


def _attempt(data: NTPData, solver: str, tolerance: float) -> MarginSolution | Separability | None:
    found = SOLVERS[solver](data, tolerance=tolerance)
    if not isinstance(found, MarginSolution) or (solver == "structured" and found.verify()):
        return found  # the structured solver has done what polishing it could do
    return polished(found)


FALLBACKS: tuple[Callable[[NTPData, Separability, float], MarginSolution | Separability | None], ...] = (
    svm_active_set.solve,
    lambda data, verdict, tolerance: _attempt(data, "cvxpy", tolerance),
)


def _in_the_units_of(data: NTPData, solution: MarginSolution, exponent: int) -> MarginSolution:
    """The solution for embeddings 2^exponent times as long: W divides by that, its multipliers by its square."""
    W, dual = (to_numpy(array) for array in (solution.W, solution.dual))
    refuse_out_of_range("W^mm", binary_exponent(W) - exponent, exponent)
    refuse_out_of_range("the multipliers of W^mm", (binary_exponent(dual) - 2 * exponent) // 2, exponent, power=2)
    return replace(
        solution,
        data=data,
        W=times_power_of_two(solution.W, -exponent),
        dual=times_power_of_two(times_power_of_two(solution.dual, -exponent), -exponent),
    )


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
