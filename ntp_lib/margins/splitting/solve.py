"""Run the splitting until its iterate, sharpened on its face, proves one of the two answers."""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins.multipliers import laid_out
from ntp_lib.margins.splitting.active_set import refined_certificate, refined_solution
from ntp_lib.margins.splitting.independent import solution_of_independent_rows
from ntp_lib.margins.splitting.iteration import Splitting
from ntp_lib.margins.splitting.problem import Array, ConeProblem
from ntp_lib.margins.working_set import solve as working_set

MAX_ITERATIONS = 20_000
CHECK_EVERY = 20
# Sharpening is tried after this many iterations and then whenever their number has grown by this factor.
FIRST_REFINEMENT, REFINEMENT_SPACING = 20, 1.5
# A change of penalty restarts the transient, so changes come ever more rarely.
BALANCE_SPACING = 1.5
# Violations of (6a) and (6b), where the margin asked for is one, up to which a solution is thought near and beyond
# which it is not looked for. Without a margin the dual value outgrows the primal one, and the gap has no bound.
IN_SIGHT, OUT_OF_SIGHT = 0.4, 0.9
# Operations that take as long as the calls around one token of a face, and around one iteration, on a processor.
TOKEN_OVERHEAD, ITERATION_OVERHEAD = 2e5, 1e5
# Faces that must be affordable before a search begins; one is enough to sharpen a solution.
SEARCH_FACES = 4
# Where the dual variable diverges, the margin it leaves possible falls by this factor or more between searches.
DIVERGING = 0.8
# Without a margin the dual value soon exceeds the primal one by far: a gap below this after so many iterations was
# hardly ever seen where there is one.
RUN_AWAY, EARLY = -10.0, (20, 40, 80)
# A certificate tried that early starts from multipliers beyond this fraction of their context's largest.
EARLY_FRACTION = 0.1
# A face needs an array of m² entries: beyond this many contexts the iteration works alone.
MAX_FACE_CONTEXTS = 6000
# Sharpening goes on to this tolerance even where a larger one is asked for: a face is solved to rounding.
SHARP = 1e-10
# Margin of unit decoders on unit embeddings that a certificate must exclude: what rounding leaves of an exact one.
CERTIFICATE_TOLERANCE = 1e-13


class Answer(enum.Enum):
    """What the dual variable proves."""

    SOLUTION = "W = Aᵀ·embeddings solves the NTP-SVM to the tolerance"
    CERTIFICATE = "Aᵀ·embeddings = 0 up to rounding: no decoder has a margin beyond it"
    UNDECIDED = "neither was reached within the limits"


@dataclass(frozen=True, eq=False)
class SplittingOutcome:
    """How the splitting ended.

    Attributes:
        answer: what was proved.
        dual: A, (m, V), for embeddings of the problem's lengths (not the unit ones), of the kind the data were
            given in; CSR from a working set beyond 2^24 pairs.
        iterations: of the splitting, plus faces solved.
        solver: what found it.
    """

    answer: Answer
    dual: Array
    iterations: int
    solver: str = "structured"


def solve(
    data: NTPData, *, tolerance: float = 1e-7, time_limit: float = np.inf, unit_lengths: bool = False
) -> SplittingOutcome:
    """Solve the NTP-SVM or find a certificate that it has no solution.

    Args:
        data: the problem.
        tolerance: on (6a), (6b) relative to the margin, and on the relative duality gap.
        time_limit: seconds after which the search ends undecided.
        unit_lengths: set the lengths of all embeddings to one, here and in the dual variable returned.
    """
    if working_set.suits(data):
        return _on_a_working_set(data, tolerance, time_limit, unit_lengths)
    deadline = time.monotonic() + time_limit
    problem = ConeProblem.of(data, unit_lengths=unit_lengths)
    found, faces = solution_of_independent_rows(problem.on_host(), tolerance=tolerance)
    if found is not None:
        return _outcome(problem, Answer.SOLUTION, problem.kind.convert(found), faces)
    return _split(problem, tolerance, deadline, faces)


def _on_a_working_set(data: NTPData, tolerance: float, time_limit: float, unit_lengths: bool) -> SplittingOutcome:
    """Hand over to the splitting that holds only the pairs that matter (book, lem-working-set)."""
    found = working_set.solve(data, tolerance=tolerance, time_limit=time_limit, unit_lengths=unit_lengths)
    answers = {True: Answer.SOLUTION, False: Answer.CERTIFICATE, None: Answer.UNDECIDED}
    dual = laid_out(found.dual, data)
    return SplittingOutcome(answers[found.separable], dual, found.iterations, "working set")


def _split(problem: ConeProblem, tolerance: float, deadline: float, faces: int) -> SplittingOutcome:
    """Iterate, and look for either answer now and then; `faces` were solved before."""
    splitting = Splitting(problem)
    next_refinement, next_balance = FIRST_REFINEMENT, CHECK_EVERY
    last_excluded = excluded = np.inf
    while splitting.iterations < MAX_ITERATIONS and time.monotonic() < deadline:
        splitting.advance(CHECK_EVERY)
        A = splitting.dual
        logits = problem.logits(A)
        certificate, steps = _early_certificate(problem, A, logits, splitting.iterations)
        faces += steps
        if certificate is not None:
            return _outcome(problem, Answer.CERTIFICATE, certificate, splitting.iterations + faces)
        solved = problem.violation(logits) <= tolerance and abs(problem.gap(A, logits)) <= tolerance
        due = splitting.iterations >= next_refinement
        affordable = _affordable_faces(problem, A, splitting.iterations) if due or solved else 0.0
        if due and not problem.independent:
            last_excluded, excluded = excluded, problem.excluded_margin(A)
        if affordable >= (1 if solved else SEARCH_FACES):
            search = _Search(
                min(tolerance, SHARP), int(affordable / 4), due and excluded < DIVERGING * last_excluded
            )
            answer, refined, steps = _refine(problem, A, logits, search)
            faces += steps
            if refined is not None:
                return _outcome(problem, answer, refined, splitting.iterations + faces)
        if solved:
            return _outcome(problem, Answer.SOLUTION, A, splitting.iterations + faces)
        if due:
            next_refinement = int(REFINEMENT_SPACING * splitting.iterations)
        if splitting.iterations >= next_balance:
            next_balance = int(splitting.iterations * BALANCE_SPACING) + CHECK_EVERY
            splitting.rebalance()
    return _outcome(problem, Answer.UNDECIDED, splitting.dual, splitting.iterations + faces)


def _early_certificate(problem: ConeProblem, A: Array, logits: Array, iterations: int) -> tuple[Array | None, int]:
    """Try a certificate before it is affordable where the dual variable has run away; also the faces solved."""
    m, d = problem.rows.shape
    if iterations not in EARLY or m <= d or m > MAX_FACE_CONTEXTS or problem.gap(A, logits) >= RUN_AWAY:
        return None, 0
    # Small multipliers usually turn sign, and smaller faces are cheaper.
    xp = problem.xp
    small = xp.abs(A) < EARLY_FRACTION * xp.max(xp.abs(A), axis=1, keepdims=True)
    kept = problem.repaired(xp.where(small & ~problem.support, xp.zeros_like(A), A))
    return refined_certificate(problem, kept, tolerance=CERTIFICATE_TOLERANCE)


@dataclass(frozen=True)
class _Search:
    """What a refinement aims at: tolerance, steps that need not pay, and whether the dual variable diverges."""

    tolerance: float
    free_steps: int
    diverging: bool


def _refine(problem: ConeProblem, A: Array, logits: Array, search: _Search) -> tuple[Answer, Array | None, int]:
    """Try the certificate unless a margin is in sight, then the solution; also the number of faces solved."""
    violation, faces = problem.violation(logits), 0
    near = violation <= IN_SIGHT and abs(problem.gap(A, logits)) <= IN_SIGHT
    if search.diverging and not near:
        certificate, faces = refined_certificate(problem, A, tolerance=CERTIFICATE_TOLERANCE)
        if certificate is not None:
            return Answer.CERTIFICATE, certificate, faces
    if violation > OUT_OF_SIGHT:
        return Answer.UNDECIDED, None, faces
    solution, more = refined_solution(problem, A, tolerance=search.tolerance, free_steps=search.free_steps)
    return Answer.SOLUTION, solution, faces + more


def _affordable_faces(problem: ConeProblem, A: Array, iterations: int) -> float:
    """How many faces like A's cost as much as the iterations so far, by counting operations."""
    xp = problem.xp
    contexts, tokens = A.shape
    if contexts > MAX_FACE_CONTEXTS:
        return 0.0
    sizes = xp.astype(xp.count_nonzero(problem.support | (A < 0), axis=0), A.dtype)
    # Small factorisations run at about half the speed of one large product.
    face = 2 * (4 * float(xp.sum(sizes**3)) + contexts**3) + TOKEN_OVERHEAD * tokens
    product = 2.0 * contexts * tokens * min(contexts, 2 * min(problem.rows.shape))
    return iterations * (product + ITERATION_OVERHEAD) / face


def _outcome(problem: ConeProblem, answer: Answer, A: Array, iterations: int) -> SplittingOutcome:
    # W = Σ_j A_jᵀ ĥ_jᵀ over unit rows: the embeddings themselves need multipliers smaller by their lengths.
    return SplittingOutcome(answer, A / problem.lengths, iterations)
