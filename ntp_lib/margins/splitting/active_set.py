"""Newton's method on the face: guess the active pairs, solve the face exactly, correct the guess."""

from __future__ import annotations

from ntp_lib.margins.splitting.face import Face
from ntp_lib.margins.splitting.problem import Array, ConeProblem

MAX_SOLUTION_STEPS = 12
MAX_CERTIFICATE_STEPS = 5
# What is rounding: wrong signs relative to the largest multiplier, violations relative to the shifts.
SIGN_ROUNDING = 1e-12
SLACK_ROUNDING = 1e-11
# A guess that grows by more than this factor has run away.
MAX_GROWTH = 2
# The first face must leave a margin that is not absurdly far from one.
FARTHEST = 2.0
# A face without a certificate shrinks what it is given towards zero, by the size of the proximal term a pass.
COLLAPSED = 1e-4


def refined_solution(
    problem: ConeProblem, A: Array, *, tolerance: float, free_steps: int = 0
) -> tuple[Array | None, int]:
    """Sharpen a dual variable until W = Aᵀ·rows satisfies (6a), (6b) and the gap to the tolerance.

    Each step drops active pairs whose multiplier has the wrong sign and takes in pairs that are violated (a
    semismooth Newton method). Far from the solution it runs away, so that after `free_steps` it ends where a step
    does not halve the violation: the splitting comes nearer more cheaply.

    Returns:
        The dual variable, or None where the guess did not settle; and the number of faces solved.
    """
    xp = problem.xp
    active = ~problem.support & (A < 0)
    last, first = FARTHEST, int(xp.count_nonzero(active)) + active.shape[1]
    for step in range(1, MAX_SOLUTION_STEPS + 1):
        face = Face.of(problem, active)
        if face is None:
            return None, step
        A, levels, _ = face.solve(A, problem.shifts)
        repaired = problem.repaired(A)
        logits = problem.logits(repaired)
        violation = problem.violation(logits)
        if violation <= tolerance and abs(problem.gap(repaired, logits)) <= tolerance:
            return repaired, step
        if step > free_steps and not violation <= last / 2:
            return None, step
        slack = logits + problem.shifts - levels
        largest = float(xp.max(xp.abs(A)))
        kept = active & (SIGN_ROUNDING * largest >= A)
        added = ~problem.support & ~active & (slack > SLACK_ROUNDING * problem.shifts)
        A, active, last = repaired, kept | added, violation
        if int(xp.count_nonzero(active)) > MAX_GROWTH * first:
            return None, step
    return None, MAX_SOLUTION_STEPS


def refined_certificate(problem: ConeProblem, A: Array, *, tolerance: float) -> tuple[Array | None, int]:
    """Move a diverging dual variable onto Aᵀ·rows = 0, dropping pairs whose sign turns.

    Returns:
        The certificate, or None where none was found near A; and the number of faces solved.
    """
    xp = problem.xp
    zero = xp.zeros_like(problem.shifts)
    for step in range(1, MAX_CERTIFICATE_STEPS + 1):
        face = Face.of(problem, ~problem.support & (A < 0))
        if face is None:
            return None, step
        A, _, _ = face.solve(A / xp.max(xp.abs(A)), zero)
        if float(xp.max(xp.abs(A))) < COLLAPSED:
            return None, step
        wrong = float(xp.max(xp.where(problem.support, zero, A)))
        if wrong <= SIGN_ROUNDING * float(xp.max(xp.abs(A))):
            repaired = problem.repaired(A)
            return (repaired if problem.excluded_margin(repaired) <= tolerance else None), step
        A = problem.repaired(A)
    return None, MAX_CERTIFICATE_STEPS
