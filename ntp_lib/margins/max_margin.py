"""The NTP-SVM in another norm: the largest margin per unit of ‖W‖ under (6a) (paper, Def. 3; other norms ours)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.margins import programme
from ntp_lib.margins.certificates import repaired_certificate
from ntp_lib.margins.norms import FROBENIUS, Norm, norm_named, preconditioned
from ntp_lib.margins.separability import MAX_NONZEROS, separability
from ntp_lib.margins.separability_verdict import Verdict, certified_error
from ntp_lib.margins.solution import MarginSolution
from ntp_lib.margins.svm import ntp_svm
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import to_numpy
from ntp_lib.numerics.numbers import real_number
from ntp_lib.numerics.row_space import row_space
from ntp_lib.subspaces.scaling import binary_exponent, refuse_out_of_range, rescaled


def max_margin(
    data: NTPData, *, norm: str = "frobenius", preconditioner: npt.ArrayLike | None = None, tolerance: float = 1e-6
) -> MarginSolution:
    """Solve minimise ‖W‖ subject to (6a) and (6b) by one vectorised model.

    The max-norm gives a linear programme (HiGHS), the spectral norm a semidefinite one and a preconditioned norm a
    quadratic one (both Clarabel); the Frobenius norm is left to `ntp_svm`.

    Args:
        data: the problem.
        norm: "max", "spectral" or "frobenius".
        preconditioner: P > 0, (V, d); then the norm is √⟨W, P⁻¹W⟩, and `norm` must be "frobenius".
        tolerance: the margin is at least 1 − tolerance, spread and gap are at most tolerance.

    Raises:
        NotSeparableError: a certificate excludes every margin above 1e-13 per unit of ‖W‖ and of embedding length;
            it is carried along.
        DidNotConvergeError: the tolerance was not reached, separability could not be decided, or the programme is
            too large.
        NTPDataError: unknown norm, bad preconditioner or tolerance, no token out of support, or embeddings so
            short or unequal that decoders of margin one are beyond float64.

    Example:
        >>> from ntp_lib import synthetic
        >>> round(1 / max_margin(synthetic.toy_2d()).attainable, 4)
        2.7325
    """
    if preconditioner is not None:
        preconditioner = data.check_decoder(preconditioner, "preconditioner")
    geometry = _geometry(norm, preconditioner)
    tolerance = real_number(tolerance, "tolerance", above=0, below=1)
    data.require_out_of_support()
    if geometry is FROBENIUS:
        svm = ntp_svm(data, tolerance=min(tolerance, 1e-7))
        return replace(svm, W=to_numpy(svm.W), dual=to_numpy(svm.dual))
    problem, exponent = rescaled(data)
    nonzeros = data.num_contexts * data.vocab_size * data.dim
    if nonzeros > MAX_NONZEROS:
        raise DidNotConvergeError(
            f"the programme of the {geometry.name} margin has {nonzeros} non-zeros; at most {MAX_NONZEROS} are "
            "attempted"
        )
    solution = _solve(problem, geometry, preconditioner, tolerance)
    if solution is not None and solution.verify():
        return _in_the_units_of(data, solution, exponent)
    verdict = separability(data)
    if verdict.status is Verdict.NOT_SEPARABLE:
        raise certified_error(verdict, "no margin exists in any norm beyond rounding")
    found = f"gap {solution.gap:.1e}, spread {solution.spread:.1e}" if solution is not None else "no solution"
    reason = f" ({verdict.reason})" if verdict.reason else ""
    raise DidNotConvergeError(
        f"the solver of the {geometry.name} margin ended with {found}, asked {tolerance:.1e}; separability: "
        f"{verdict.status.value}{reason}"
    )


def _in_the_units_of(data: NTPData, solution: MarginSolution, exponent: int) -> MarginSolution:
    """The solution for embeddings 2^exponent times as long; multipliers may be scaled at will and stay."""
    if exponent == 0:
        return solution
    refuse_out_of_range("the decoder", binary_exponent(solution.W) - exponent, exponent)
    return replace(solution, data=data, W=np.ldexp(solution.W, -exponent))


def _geometry(norm: str, P: Floats | None) -> Norm:
    named = norm_named(norm)
    if P is None:
        return named
    if norm != "frobenius":
        raise NTPDataError(f"a preconditioner makes a norm of its own; it cannot be combined with {norm!r}")
    if P.min() <= 0:
        place = np.unravel_index(int(P.argmin()), P.shape)
        raise NTPDataError(f"preconditioner is {P.min()} at (token, coordinate) {tuple(map(int, place))}, not > 0")
    return preconditioned(P / P.max())


def _solve(
    data: NTPData, norm: Norm, preconditioner: npt.ArrayLike | None, tolerance: float
) -> MarginSolution | None:
    """Variables are X, with W = X Bᵀ, entry by entry √P X where preconditioned."""
    root = 1.0 if preconditioner is None else np.sqrt(np.asarray(preconditioner) / np.max(preconditioner))
    # Only a norm that no rotation changes can do with coordinates of the embeddings' span.
    basis = row_space(data.embeddings) if norm.name == "spectral" else np.eye(data.dim)
    # The solvers' tolerances are absolute, so the longest embedding gets length one.
    longest = float(np.linalg.norm(data.embeddings, axis=1).max())
    if longest == 0:
        return None
    found = programme.solve(
        data.embeddings @ basis / longest,
        data.support_mask,
        lambda X: _objective(X, norm),
        options=_options(norm),
        decoder=lambda X: X if preconditioner is None else _entry_by_entry(root, X),
    )
    if found.X is None or found.multipliers is None:
        return None
    W, dual = (root * found.X) @ basis.T / longest, repaired_certificate(found.multipliers, data)
    return MarginSolution(data, norm, W, dual, tolerance, _options(norm)["solver"], found.iterations)


def _entry_by_entry(root: Any, X: Any) -> Any:
    import cvxpy as cp

    return cp.multiply(root, X)


def _objective(X: Any, norm: Norm) -> Any:
    import cvxpy as cp

    if norm.name == "max":
        return cp.max(cp.abs(X))
    return cp.sigma_max(X) if norm.name == "spectral" else programme.half_square(X)


def _options(norm: Norm) -> dict[str, Any]:
    if norm.name == "max":
        return {"solver": "HIGHS"}
    return {"solver": "CLARABEL", "tol_gap_abs": 1e-9, "tol_gap_rel": 1e-9, "tol_feas": 1e-9}
