"""NTP-separability, with a direction or a certificate that proves the verdict (paper, Def. 2)."""

from __future__ import annotations

import enum
from dataclasses import field

import numpy as np
import scipy.sparse as sp

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.threads import small_problems_on_one_thread
from ntp_lib.errors import DidNotConvergeError, NotSeparableError, NTPDataError
from ntp_lib.margins import certificates, linear_program
from ntp_lib.margins.few_tokens.pair_count import frequent_pair
from ntp_lib.margins.few_tokens.refutation import refutation
from ntp_lib.margins.margins import context_margins
from ntp_lib.margins.multipliers import Multipliers, fits_dense, laid_out, supports_scaled
from ntp_lib.margins.splitting.solve import Answer
from ntp_lib.margins.splitting.solve import solve as split
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import to_numpy
from ntp_lib.numerics.numbers import real_number
from ntp_lib.numerics.results import result
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


class Verdict(enum.Enum):
    """What `separability` found."""

    SEPARABLE = "a direction satisfies (6a) and (6b)"
    NOT_SEPARABLE = (
        f"a certificate excludes every margin above {certificates.EXCLUDED_MARGIN:g} per unit of ‖W‖ and of "
        "embedding length"
    )
    UNDECIDED = "neither a direction nor a certificate was found within the limits"


@result
class Separability:
    """Outcome of `separability`.

    Attributes:
        data: the problem.
        status: separable, not separable, or undecided; `status.value` explains it.
        direction: W^d with (6a) and least margin 1, (V, d), when separable; of another length where float64's
            range does not reach margin 1.
        certificate: A, (m, V), when not: rows sum to zero, A ≤ 0 off support, Aᵀ·embeddings = 0 up to rounding.
            A NumPy array up to 2^24 entries, a SciPy CSR array beyond.
        reason: what stopped an undecided search, and what it found out about the margin.
        margin_bounds: where undecided, the margins between which the largest one lies, per unit of ‖W‖ and of
            embedding length: that of the best direction found (−inf without one), and the least that is excluded.
    """

    data: NTPData = field(repr=False)
    status: Verdict
    direction: Floats | None = field(default=None, repr=False)
    certificate: Multipliers | None = field(default=None, repr=False)
    reason: str = ""
    margin_bounds: tuple[float, float] = (-np.inf, np.inf)

    @property
    def holds(self) -> bool | None:
        """True, False, or None when undecided."""
        return None if self.status is Verdict.UNDECIDED else self.status is Verdict.SEPARABLE

    @property
    def excluded_margin(self) -> float:
        """Per unit of ‖W‖ and of embedding length; the certificate excludes every larger one; else inf."""
        if self.certificate is None:
            return float("inf")
        return certificates.certificate_margin(self.certificate, self.data)

    def verify(self) -> bool:
        """Check the direction or the certificate against the data, without the solver; False when undecided.

        A direction must keep a margin of 1e-9 per unit of ‖W‖ and of embedding length, with ties exact to 1e-7 of
        the margin; where it does not, the embeddings must be independent in exact arithmetic (Lemma 1). A
        certificate must exclude all margins above 1e-13; its contexts must not be independent in exact arithmetic.
        """
        if self.direction is not None:
            return certificates.direction_holds(self.direction, self.data)
        if self.certificate is not None:
            return certificates.certificate_holds(self.certificate, self.data)
        return False


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
        return _undecided(
            data, f"the linear programme has {nonzeros} non-zeros; at most {MAX_NONZEROS} are attempted"
        )
    return _from_linear_program(data, F, time_limit)


def _undecided(data: NTPData, reason: str, bounds: tuple[float, float] = (-np.inf, np.inf)) -> Separability:
    """Undecided, with what is known about the margin and about the dimension that two tokens need."""
    known = []
    if np.isfinite(bounds[1]):
        known.append(f"no margin is above {bounds[1]:.1e} per unit of ‖W‖ and of embedding length")
    if bounds[0] > 0:
        known.append(f"one of {bounds[0]:.1e} was found, too small beside rounding")
    pair = frequent_pair(data)
    if pair is not None and pair.dimension > data.dim:
        known.append(f"by Cover's count the two most frequent tokens alone need about {pair.dimension} dimensions")
    return Separability(data, Verdict.UNDECIDED, reason="; ".join([reason, *known]), margin_bounds=bounds)


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


def _accepted(data: NTPData, direction: Floats) -> Separability | None:
    scaled = _at_margin_one(data, direction)
    if scaled is None:
        return None
    result = Separability(data, Verdict.SEPARABLE, direction=scaled)
    return result if result.verify() else None


def _at_margin_one(data: NTPData, direction: Floats) -> Floats | None:
    """The direction over its least margin, where float64 holds that; None without a positive margin."""
    rows, _, exponents = scaled_rows(data)
    margins = context_margins(direction, data, rows)[0]
    if not margins.min() > 0:
        return None
    if not exponents.any():
        return np.asarray(direction / margins.min())
    fractions, powers = np.frexp(margins)
    powers = np.where(np.isfinite(margins), powers + exponents, np.iinfo(np.int32).max)
    least = np.lexsort((fractions, powers))[0]
    with np.errstate(over="ignore", under="ignore"):
        scaled = np.ldexp(direction / fractions[least], -int(powers[least]))
    peak = float(np.abs(scaled).max())
    return np.asarray(scaled if np.finfo(float).tiny / np.finfo(float).eps < peak < np.inf else direction)


def _from_independent_embeddings(data: NTPData) -> Separability | None:
    """Lemma 1: prescribe the logits 0 on S_j and −1 off it, and solve for W."""
    if data.num_contexts > data.dim:
        return None
    unit, _ = unit_embeddings(data)
    if fits_dense(data):
        return _accepted(data, np.linalg.lstsq(unit, data.support_mask - 1.0, rcond=None)[0].T)
    inverse = np.linalg.pinv(unit, rcond=np.finfo(float).eps * max(unit.shape))
    on_supports = supports_scaled(np.ones(data.num_contexts), data).T @ inverse.T
    return _accepted(data, on_supports - inverse.sum(axis=1))


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
    return _accepted(data, W if single else subspace_of(data, F).project_complement(W))


def _from_splitting(data: NTPData, time_limit: float) -> Separability:
    rows, lengths = unit_embeddings(data)
    unequal = bool(lengths.max() / UNEQUAL > lengths.min() or scaled_rows(data)[2].any())
    outcome = split(data, time_limit=time_limit, unit_lengths=unequal)
    A = outcome.dual if sp.issparse(outcome.dual) else to_numpy(outcome.dual)
    W = A.T @ (rows if unequal else data.embeddings)
    if outcome.answer is Answer.SOLUTION:
        accepted = _accepted(data, W)
        if accepted is not None:
            return accepted
    repaired = certificates.repaired_certificate(A, data)
    certificate = certificates.for_embeddings(repaired, data) if unequal else repaired
    if outcome.answer is Answer.CERTIFICATE:
        return excluded(data, certificate)
    bounds = certificates.direction_margin(W, data), certificates.certificate_margin(certificate, data)
    return _undecided(data, f"splitting, after {outcome.iterations} iterations: {outcome.answer.value}", bounds)


def excluded(data: NTPData, certificate: Multipliers) -> Separability:
    """The verdict of a certificate A, (m, V), or undecided with what it excludes nonetheless."""
    result = Separability(data, Verdict.NOT_SEPARABLE, certificate=laid_out(certificate, data))
    if result.verify():
        return result
    return _undecided(
        data,
        f"margins above {result.excluded_margin:.1e} per unit of ‖W‖ and of embedding length are excluded, "
        "smaller ones are not: some embeddings are nearly dependent but not exactly so",
    )


def _from_linear_program(data: NTPData, F: Subspace | None, time_limit: float) -> Separability:
    program = linear_program.solve(data, time_limit=time_limit)
    if program.direction is not None:
        accepted = _accepted(data, subspace_of(data, F).project_complement(program.direction))
        if accepted is not None:
            return accepted
    elif program.multipliers is not None:
        # Multipliers of the simplex method cancel to its tolerance; on their pairs they can do so to rounding.
        A = certificates.repaired_certificate(certificates.sharpened(program.multipliers, data), data)
        return excluded(data, certificates.for_embeddings(A, data))
    return _undecided(data, f"HiGHS: {program.message}")


def certified_error(verdict: Separability, consequence: str) -> NotSeparableError:
    """The error for data that are not separable, with the certificate, for the caller to raise.

    Args:
        verdict: not separable.
        consequence: what cannot be had therefore.

    Raises:
        DidNotConvergeError: the verdict has no certificate.
    """
    if verdict.certificate is None:
        raise DidNotConvergeError(f"no W^mm and no certificate against one were found, so {consequence}")
    return NotSeparableError(
        f"the data are not NTP-separable, so {consequence}; the certificate attached excludes every margin above "
        f"{verdict.excluded_margin:.1e} per unit of ‖W‖ and of embedding length",
        verdict.certificate,
    )
