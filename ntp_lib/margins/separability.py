"""NTP-separability: the routes to a direction or a certificate that proves the verdict (paper, Def. 2)."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.threads import small_problems_on_one_thread
from ntp_lib.errors import NTPDataError
from ntp_lib.margins import certificates, linear_program
from ntp_lib.margins.few_tokens.refutation import refutation
from ntp_lib.margins.margins import context_margins
from ntp_lib.margins.multipliers import fits_dense, supports_scaled
from ntp_lib.margins.separability_verdict import Separability, Verdict, accepted, excluded, undecided
from ntp_lib.margins.splitting.solve import Answer
from ntp_lib.margins.splitting.solve import solve as split
from ntp_lib.numerics.arrays import to_numpy
from ntp_lib.numerics.numbers import real_number
from ntp_lib.subspaces.in_support import unit_embeddings
from ntp_lib.subspaces.scaling import scaled_rows
from ntp_lib.subspaces.subspace import Subspace, subspace_of

SOLVERS = ("structured", "highs")
# Non-zeros of the constraint matrix up to which the linear program is attempted (about 1 GB in the solver).
MAX_NONZEROS = 2 * 10**7
# Above this many non-zeros the linear program takes longer than anyone waits for a second opinion.
FALLBACK_NONZEROS = 10**6
# Lengths further apart than this are set to one before the splitting: W^mm serves the shortest contexts alone,
# and is a poor direction for the others.
UNEQUAL = 1e3
# Multiplications m·V·d an iteration from which a few tokens are tried first: below, the splitting is as quick.
FEW_TOKENS_MULTIPLICATIONS = 10**5
# Share of the time that they may take.
FEW_TOKENS_TIME = 0.5


@small_problems_on_one_thread
def separability(
    data: NTPData, *, solver: str = "structured", F: Subspace | None = None, time_limit: float = 600.0
) -> Separability:
    """Decide whether the data are NTP-separable (paper, Def. 2, (6a) and (6b)).

    Where the contexts' embeddings are independent, Lemma 1 gives a direction at once. Of large data the most
    frequent tokens are tried next, with all others dropped: they may have a certificate, which is one for all.
    Otherwise the splitting runs until it holds W^mm, which is a direction, or a certificate. Small problems that
    it leaves open go to a linear programme: maximise t ≤ 1 over W and levels c with w_z·ĥ_j = c_j on S_j and
    w_v·ĥ_j ≤ c_j − t off it, whose optimum is 1 or 0 and whose multipliers in the second case are the certificate.

    The verdict does not depend on the lengths of the embeddings. "Not separable" excludes every margin above 1e-13
    per unit of ‖W‖ and of embedding length, which is what rounding allows; see `Separability.verify`.

    Args:
        data: the problem.
        solver: "structured" (the splitting) or "highs" (the linear program at once: the reference).
        F: its subspace, if already computed.
        time_limit: seconds after which the search ends undecided.

    Returns:
        A verdict whose direction or certificate was checked against the data; or "undecided", with the reason.

    Raises:
        NTPDataError: no token is out of support, so no margin is defined; unknown solver; bad time limit; F is
            that of other data.
    """
    if not isinstance(solver, str) or solver not in SOLVERS:
        raise NTPDataError(f"unknown solver {solver!r}; valid: {', '.join(SOLVERS)}")
    time_limit = real_number(time_limit, "time_limit", least=0, infinite=True)
    data.require_out_of_support()
    F = None if F is None else subspace_of(data, F)
    constructed = _from_independent_embeddings(data)
    if constructed is not None:
        return constructed
    at_zero = certificates.of_a_zero_embedding(data)
    if at_zero is not None:
        return excluded(data, at_zero)
    nonzeros = data.num_contexts * data.vocab_size * min(data.dim, data.num_contexts)
    if solver == "structured":
        found = from_few_tokens(data, time_limit) or _from_supports(data, F) or _from_splitting(data, time_limit)
        if found.status is not Verdict.UNDECIDED or nonzeros > FALLBACK_NONZEROS:
            return found
    if nonzeros > MAX_NONZEROS:
        return undecided(
            data, f"the linear programme has {nonzeros} non-zeros; at most {MAX_NONZEROS} are attempted"
        )
    return _from_linear_program(data, F, time_limit)


def from_few_tokens(data: NTPData, time_limit: float) -> Separability | None:
    """A verified certificate for the most frequent tokens, which is one for all of them (book, lem-few-tokens).

    Returns:
        None where the data are so small that the splitting is as quick, or where nothing was found.
    """
    if data.num_contexts * data.vocab_size * data.dim < FEW_TOKENS_MULTIPLICATIONS:
        return None
    certificate = refutation(data, time_limit=FEW_TOKENS_TIME * time_limit)
    if certificate is None:
        return None
    found = excluded(data, certificates.for_embeddings(certificates.repaired_certificate(certificate, data), data))
    return found if found.status is Verdict.NOT_SEPARABLE else None


def _from_independent_embeddings(data: NTPData) -> Separability | None:
    """Lemma 1: prescribe the logits 0 on S_j and −1 off it, and solve for W."""
    if data.num_contexts > data.dim:
        return None
    unit, _ = unit_embeddings(data)
    if fits_dense(data):
        return accepted(data, np.linalg.lstsq(unit, data.support_mask - 1.0, rcond=None)[0].T)
    inverse = np.linalg.pinv(unit, rcond=np.finfo(float).eps * max(unit.shape))
    on_supports = supports_scaled(np.ones(data.num_contexts), data).T @ inverse.T
    return accepted(data, on_supports - inverse.sum(axis=1))


def _from_supports(data: NTPData, F: Subspace | None) -> Separability | None:
    """The direction that adds up the supports, W = Σ_j 1_{S_j} ĥ_jᵀ, with its ties made exact; or None.

    It separates data whose tokens each follow few contexts, such as a list of words.
    """
    if data.num_contexts * data.vocab_size * data.dim < FEW_TOKENS_MULTIPLICATIONS:
        return None
    unit, _ = unit_embeddings(data)
    W = np.asarray(supports_scaled(np.ones(data.num_contexts), data).T @ unit)
    if not context_margins(W, data, unit)[0].min() > 0:
        return None
    # Of one token after every context there are no ties.
    single = data.probs.nnz == data.num_contexts
    return accepted(data, W if single else subspace_of(data, F).project_complement(W))


def _from_splitting(data: NTPData, time_limit: float) -> Separability:
    rows, lengths = unit_embeddings(data)
    unequal = bool(lengths.max() / UNEQUAL > lengths.min() or scaled_rows(data)[2].any())
    outcome = split(data, time_limit=time_limit, unit_lengths=unequal)
    A = outcome.dual if sp.issparse(outcome.dual) else to_numpy(outcome.dual)
    W = A.T @ (rows if unequal else data.embeddings)
    if outcome.answer is Answer.SOLUTION:
        found = accepted(data, W)
        if found is not None:
            return found
    repaired = certificates.repaired_certificate(A, data)
    certificate = certificates.for_embeddings(repaired, data) if unequal else repaired
    if outcome.answer is Answer.CERTIFICATE:
        return excluded(data, certificate)
    bounds = certificates.direction_margin(W, data), certificates.certificate_margin(certificate, data)
    return undecided(data, f"splitting, after {outcome.iterations} iterations: {outcome.answer.value}", bounds)


def _from_linear_program(data: NTPData, F: Subspace | None, time_limit: float) -> Separability:
    program = linear_program.solve(data, time_limit=time_limit)
    if program.direction is not None:
        found = accepted(data, subspace_of(data, F).project_complement(program.direction))
        if found is not None:
            return found
    elif program.multipliers is not None:
        # Multipliers of the simplex method cancel to its tolerance; on their pairs they can do so to rounding.
        A = certificates.repaired_certificate(certificates.sharpened(program.multipliers, data), data)
        return excluded(data, certificates.for_embeddings(A, data))
    return undecided(data, f"HiGHS: {program.message}")
