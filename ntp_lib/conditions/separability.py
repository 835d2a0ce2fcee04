"""NTP-separability by linear programming, with a certificate either way (paper, Def. 2)."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import scipy.optimize
import scipy.sparse as sp

from ntp_lib.conditions import certificates
from ntp_lib.conditions.in_support import unit_embeddings
from ntp_lib.conditions.margins import context_margins
from ntp_lib.conditions.subspace import Subspace, subspace
from ntp_lib.data.ntp_data import NTPData

Floats = npt.NDArray[np.float64]
Pairs = tuple[npt.NDArray[np.intp], ...]

# Non-zeros of the constraint matrix up to which the linear program is attempted (about 1 GB in the solver).
MAX_NONZEROS = 2 * 10**7


class Verdict(enum.Enum):
    """What `separability` found."""

    SEPARABLE = "a direction satisfies (6a) and (6b)"
    NOT_SEPARABLE = "a certificate excludes every direction"
    UNDECIDED = "neither a direction nor a certificate was found within the limits"


@dataclass(frozen=True, eq=False)
class Separability:
    """Outcome of `separability`.

    Attributes:
        data: the problem.
        status: separable, not separable, or undecided; `status.value` explains it.
        direction: W^d with (6a) and margin 1 on every context, (V, d), when separable.
        certificate: A, (m, V), when not: rows sum to zero, A ≤ 0 off support, Aᵀ·embeddings = 0.
        reason: what stopped an undecided search.
    """

    data: NTPData = field(repr=False)
    status: Verdict
    direction: Floats | None = field(default=None, repr=False)
    certificate: Floats | None = field(default=None, repr=False)
    reason: str = ""

    @property
    def holds(self) -> bool | None:
        """True, False, or None when undecided."""
        return None if self.status is Verdict.UNDECIDED else self.status is Verdict.SEPARABLE

    def verify(self) -> bool:
        """Check the direction or the certificate against the data, without the solver; False when undecided."""
        if self.direction is not None:
            return certificates.direction_margin(self.direction, self.data) >= certificates.DECISIVE_MARGIN
        if self.certificate is not None:
            left = certificates.certificate_margin(self.certificate, self.data)
            return left <= certificates.DECISIVE_MARGIN
        return False


def separability(data: NTPData, *, F: Subspace | None = None, time_limit: float = 600.0) -> Separability:
    """Decide whether the data are NTP-separable (paper, Def. 2, (6a) and (6b)).

    The programme is: maximise t ≤ 1 over W and levels c with w_z·ĥ_j = c_j on S_j and w_v·ĥ_j ≤ c_j − t off it;
    its optimum is 1 or 0, and the multipliers of the second case are the certificate. Where the contexts'
    embeddings are independent, Lemma 1 gives a direction without a programme.

    Args:
        data: the problem.
        F: its subspace, if already computed.
        time_limit: seconds after which the search ends undecided.

    Raises:
        NTPDataError: no token is out of support, so no margin is defined.
    """
    data.require_out_of_support()
    constructed = _from_independent_embeddings(data)
    if constructed is not None:
        return constructed
    nonzeros = data.num_contexts * data.vocab_size * min(data.dim, data.num_contexts)
    if nonzeros > MAX_NONZEROS:
        return Separability(
            data,
            Verdict.UNDECIDED,
            reason=f"the linear program has {nonzeros} non-zeros; at most {MAX_NONZEROS} are attempted",
        )
    return _from_linear_program(data, subspace(data) if F is None else F, time_limit)


def _accepted(data: NTPData, direction: Floats) -> Separability | None:
    least = float(context_margins(direction, data)[0].min())
    if least <= 0:
        return None
    result = Separability(data, Verdict.SEPARABLE, direction=direction / least)
    return result if result.verify() else None


def _from_independent_embeddings(data: NTPData) -> Separability | None:
    """Lemma 1: prescribe the logits 0 on S_j and −1 off it, and solve for W."""
    if data.num_contexts > data.dim:
        return None
    unit, _ = unit_embeddings(data)
    logits = (data.probs.toarray() > 0) - 1.0
    return _accepted(data, np.linalg.lstsq(unit, logits, rcond=None)[0].T)


def _from_linear_program(data: NTPData, F: Subspace, time_limit: float) -> Separability:
    unit = unit_embeddings(data)[0]
    _, sigma, basis = np.linalg.svd(unit, full_matrices=False)
    basis = basis[sigma > sigma[0] * max(unit.shape) * np.finfo(float).eps] if sigma[0] > 0 else basis[:1]
    solution, pairs = _solve(unit @ basis.T, data.probs.toarray() > 0, time_limit)
    if solution.x is not None and solution.x[-1] > 0.5:
        W = solution.x[: data.vocab_size * len(basis)].reshape(data.vocab_size, -1) @ basis
        accepted = _accepted(data, F.project_complement(W))
        if accepted is not None:
            return accepted
    elif solution.x is not None:
        raw = np.zeros(data.probs.shape)
        raw[pairs[0]] = solution.eqlin.marginals
        raw[pairs[1]] = solution.ineqlin.marginals
        A = certificates.repaired_certificate(raw, data) / unit_embeddings(data)[1][:, None]
        result = Separability(data, Verdict.NOT_SEPARABLE, certificate=A)
        if result.verify():
            return result
    return Separability(data, Verdict.UNDECIDED, reason=f"HiGHS: {solution.message}")


def _solve(
    unit: Floats, support: npt.NDArray[np.bool_], time_limit: float
) -> tuple[scipy.optimize.OptimizeResult, tuple[Pairs, Pairs]]:
    """Solve the programme of `separability` in reduced coordinates; variables are W (row by row), c, t."""
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
