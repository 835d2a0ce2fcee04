"""The NTP-SVM: the least-norm decoder that ties in-support logits and clears the others by one (paper, Def. 3)."""

from __future__ import annotations

from typing import Protocol

from ntp_lib.conditions.separability import Verdict, separability
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.threads import small_problems_on_one_thread
from ntp_lib.errors import DidNotConvergeError, NotSeparableError, NTPDataError
from ntp_lib.references import svm_cvxpy, svm_structured
from ntp_lib.references.svm_polish import polished
from ntp_lib.references.svm_solution import NTPSVMSolution, SolveStatus


class Solver(Protocol):
    """A way to solve the programme; returns None where it finds the constraints infeasible or fails."""

    def __call__(self, data: NTPData, *, tolerance: float) -> NTPSVMSolution | None: ...


# Each solver sits in a module of its own; a new one is one more line here.
SOLVERS: dict[str, Solver] = {"structured": svm_structured.solve, "cvxpy": svm_cvxpy.solve}


@small_problems_on_one_thread
def ntp_svm(data: NTPData, *, solver: str = "structured", tolerance: float = 1e-7) -> NTPSVMSolution:
    """Solve minimise ½‖W‖² subject to (6a) and (6b) (paper, Def. 3).

    Args:
        data: the problem.
        solver: "structured" (operator splitting; hands problems it cannot finish to the other one, and says so in
            the solution's `solver`) or "cvxpy" (a vectorised interior-point model, the reference).
        tolerance: the recomputed margin is at least 1 − tolerance, and the relative duality gap at most tolerance.

    Returns:
        The solution with its multipliers; its residuals are recomputed from the data.

    Raises:
        NotSeparableError: no W satisfies the constraints; carries the verified certificate.
        DidNotConvergeError: the tolerance was not reached, or separability could not be decided.
        NTPDataError: unknown solver, bad tolerance, or no token out of support.

    Example:
        >>> from ntp_lib import synthetic
        >>> float(round(ntp_svm(synthetic.toy_2d()).margin, 6))
        1.0
    """
    if solver not in SOLVERS:
        raise NTPDataError(f"unknown solver {solver!r}; valid: {', '.join(SOLVERS)}")
    if not 0 < tolerance < 1:
        raise NTPDataError(f"tolerance is {tolerance}; it must lie between 0 and 1")
    data.require_out_of_support()
    solution = _attempt(data, solver, tolerance)
    if solution is not None and solution.status is SolveStatus.OPTIMAL:
        return solution
    verdict = separability(data)
    if verdict.status is Verdict.NOT_SEPARABLE and verdict.certificate is not None:
        raise NotSeparableError(
            "the data are not NTP-separable, so no margin exists; the certificate attached proves it",
            verdict.certificate,
        )
    if solver != "cvxpy":
        solution = _attempt(data, "cvxpy", tolerance)
        if solution is not None and solution.status is SolveStatus.OPTIMAL:
            return solution
    found = (
        f"margin {solution.margin:.9g}, relative gap {solution.gap:.1e}" if solution is not None else "no solution"
    )
    raise DidNotConvergeError(
        f"solver {solver!r} ended with {found}, asked for {tolerance:.1e}; separability: {verdict.status.value}"
    )


def _attempt(data: NTPData, solver: str, tolerance: float) -> NTPSVMSolution | None:
    solution = SOLVERS[solver](data, tolerance=tolerance)
    if solution is None or (solver == "structured" and solution.status is SolveStatus.OPTIMAL):
        return solution  # the structured solver has done what polishing it could do
    return polished(solution)
