"""The NTP-SVM of independent contexts without a splitting: a few faces from the one where every pair is active.

The first guess is a closed form. Then faces are solved and pairs exchanged: an active pair whose multiplier has
the wrong sign leaves, an inactive one whose slack is negative enters. That is Newton's method for the equation
min(slack, −multiplier) = 0 (book, prop-few-faces). Where it ends it holds the solution; where it goes on, the
splitting takes over.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import lapack

from ntp_lib.margins.splitting.active_set import SIGN_ROUNDING, SLACK_ROUNDING
from ntp_lib.margins.splitting.problem import ConeProblem
from ntp_lib.margins.splitting.slacks import FEW, IndependentRows
from ntp_lib.numerics.aliases import Bools, Floats, Ints
from ntp_lib.numerics.compiled import numba_is_wanted

MAX_FACES = 20
# Faces that a solution usually takes, iterations that the splitting does, and how many times its cost is worth it:
# a compiled splitting costs less than its operations say.
USUAL_FACES, USUAL_ITERATIONS, WORTH, WORTH_IF_COMPILED = 6, 60, 2.0, 1.3
# The share of the pairs off support that is usually inactive: where that many would cost twice as much as is worth
# it, the Gram matrix is not even inverted.
LIKELY = 0.3
# Operations that take as long as the calls around one token, one face, one iteration, and one entry of it.
TOKEN_OVERHEAD, FACE_OVERHEAD, ITERATION_OVERHEAD, ENTRY_OVERHEAD = 4e4, 2e5, 1e5, 30
# Beyond this condition number of the Gram matrix its inverse says little.
MAX_CONDITION = 1e12
# Residuals beyond this are worth another look: a face is usually solved to rounding.
SHARP = 1e-10
# Times that what rounding left of the conditions is solved for again.
REFINEMENTS = 2


def solution_of_independent_rows(problem: ConeProblem, *, tolerance: float) -> tuple[Floats | None, int]:
    """The dual variable of W^mm for unit rows, where the rows are independent and faces are cheap.

    Args:
        problem: the constraints, in arrays of NumPy.
        tolerance: on (6a), (6b) relative to the margin, and on the relative duality gap.

    Returns:
        A, (m, V), or None where the rows are dependent, the splitting is cheaper, or no face was the last; and the
        number of faces solved.
    """
    m, d = problem.rows.shape
    off = ~problem.support
    likely = m <= d and worth_it(LIKELY * off.sum(axis=0), m, generously=2)
    lower = problem.factor if likely else None
    if lower is None:
        return None, 0
    free = lapack.dpotrs(lower, problem.shifts.mean(axis=1, keepdims=True) - problem.shifts, lower=1)[0]
    inactive = off & (free > 0)
    if not worth_it(inactive.sum(axis=0), m):
        return None, 0
    rows = IndependentRows.factorised(problem.gram, lower)
    if not rows.condition <= MAX_CONDITION:
        return None, 0
    for step in range(1, MAX_FACES + 1):
        face = rows.face(inactive)
        if face is None:
            return None, step
        U = face(free)
        A = rows.dual(free, U)
        leaving = off & ~inactive & (SIGN_ROUNDING * np.abs(A).max() < A)
        entering = inactive & (-SLACK_ROUNDING * problem.shifts > U)
        if not leaving.any() and not entering.any():
            return _sharpened(problem, rows, inactive, A, tolerance), step
        inactive = (inactive & ~entering) | leaving
    return None, MAX_FACES


def worth_it(sizes: Floats | Ints, m: int, *, generously: float = 1.0) -> bool:
    """Whether faces cost less than the splitting would, by counting operations.

    Args:
        sizes: how many of the m contexts have an inactive pair with a token, (V,).
        m: how many contexts there are.
        generously: how many times that cost is allowed.
    """
    sizes, V = sizes.astype(float), len(sizes)
    pairs = float(sizes.sum())
    if pairs <= FEW:
        face = pairs**3 / 3
    else:
        face = 2 * float((sizes**3).sum()) + pairs * m**2 + m**3 + TOKEN_OVERHEAD * V
    iteration = 2.0 * m**2 * V + ENTRY_OVERHEAD * m * V + ITERATION_OVERHEAD
    worth = generously * (WORTH_IF_COMPILED if numba_is_wanted() else WORTH)
    return USUAL_FACES * (face + FACE_OVERHEAD) <= worth * USUAL_ITERATIONS * iteration


def _sharpened(
    problem: ConeProblem, rows: IndependentRows, inactive: Bools, A: Floats, tolerance: float
) -> Floats | None:
    """The dual variable with its conditions as true as rounding allows; None where that misses the tolerance."""
    best, least = None, tolerance
    for left in reversed(range(REFINEMENTS + 1)):
        A = problem.repaired(np.where(inactive, 0.0, A))
        logits = problem.logits(A)
        residual = max(problem.violation(logits), abs(problem.gap(A, logits)))
        if residual <= least:
            best, least = A, residual
        face = rows.face(inactive) if left and residual > SHARP else None
        if face is None:
            break
        # The conditions are linear in the shifts: what is left of them is one more set of shifts.
        more = rows.free(logits + problem.shifts)
        A = A + rows.dual(more, face(more))
    return best
