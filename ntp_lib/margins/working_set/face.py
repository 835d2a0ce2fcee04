"""Newton's method on the face of a sparse dual variable: to W^mm, all pairs checked, or to a certificate.

It is `ntp_lib.margins.splitting.active_set` with the equations of a face solved by
`ntp_lib.numerics.token_blocks`, and with the pairs to take in found by a pass over all logits.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from ntp_lib.margins.working_set.pairs import Pairs
from ntp_lib.margins.working_set.problem import RestrictedProblem, SparseProblem
from ntp_lib.margins.working_set.scan import scan
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.token_blocks import TokenBlocks
from ntp_lib.numerics.token_pairs import TokenPairs

MAX_SOLUTION_STEPS, MAX_CERTIFICATE_STEPS = 12, 5
# Weight of the proximal term that makes the dual solution of a face unique, and the passes that remove its bias.
PROXIMAL, MAX_PASSES = 1e-6, 20
# Residuals this small, in units of the margin asked for, are rounding; so are wrong signs and violations.
ROUNDING, SIGN_ROUNDING, SLACK_ROUNDING = 1e-14, 1e-12, 1e-11
# A face without a certificate shrinks what it is given towards zero.
COLLAPSED = 1e-4
# Pairs taken in of one context after one face.
MOST_ADDED = 16
# The first face must leave a margin that is not absurdly far from one.
FARTHEST = 2.0


@dataclass(eq=False)
class Closing:
    """Solves faces, and counts them.

    Attributes:
        problem: the constraints.
        deadline: of `time.monotonic`, after which no further face is begun.
        faces: how many were solved.
    """

    problem: SparseProblem
    deadline: float = np.inf
    faces: int = field(default=0)

    def solution(
        self, pairs: Pairs, A: Floats, *, tolerance: float, free_steps: int = 0
    ) -> tuple[Pairs, Floats, float] | None:
        """Sharpen a dual variable until its decoder meets every constraint to the tolerance.

        Args:
            pairs: where A lives.
            A: the dual variable, (p,).
            tolerance: on violation and spread over all pairs and on the gap.
            free_steps: faces that need not halve the violation.

        Returns:
            The pairs, the dual variable on them, and what they violate; or None.
        """
        last = FARTHEST
        for step in range(1, MAX_SOLUTION_STEPS + 1):
            pairs, A = _face(pairs, A)
            restricted = self.problem.on(pairs)
            solved = self._solved(restricted, A, restricted.shifts)
            if solved is None:
                return None
            A = restricted.repaired(solved)
            W = restricted.decoder(A)
            seen = scan(W, self.problem, pairs, above=SLACK_ROUNDING, most=MOST_ADDED)
            violation = max(seen.violation, seen.spread)
            gap = abs(restricted.gap(A, W))
            if max(violation, gap) <= tolerance:
                return pairs, A, violation
            if step > free_steps and not violation <= last / 2:
                return None
            kept = pairs.support | (solved < -SIGN_ROUNDING * np.abs(solved).max())
            grown = Pairs.of(np.concatenate([pairs.keys[kept], seen.keys]), self.problem.probs)
            # What is taken in gets a multiplier of no weight, so that the next face has it.
            A = grown.taken_over(np.where(kept, A, 0.0), pairs)
            A = np.where(grown.support | (A < 0), A, -np.finfo(float).tiny)
            pairs, last = grown, violation
        return None

    def certificate(self, pairs: Pairs, A: Floats, *, tolerance: float) -> tuple[Pairs, Floats, float] | None:
        """Move a diverging dual variable onto Aᵀ·rows = 0, dropping pairs whose sign turns.

        Returns:
            The pairs, the certificate on them, and ∞; or None where none was found near A.
        """
        for _ in range(MAX_CERTIFICATE_STEPS):
            pairs, A = _face(pairs, A)
            restricted = self.problem.on(pairs)
            solved = self._solved(restricted, A / np.abs(A).max(), np.zeros_like(A))
            if solved is None or np.abs(solved).max() < COLLAPSED:
                return None
            A = restricted.repaired(solved)
            if solved[~pairs.support].max(initial=0.0) <= SIGN_ROUNDING * np.abs(solved).max():
                found = restricted.excluded_margin(A, restricted.decoder(A)) <= tolerance
                return (pairs, A, np.inf) if found else None
        return None

    def _solved(self, restricted: RestrictedProblem, A: Floats, shifts: Floats) -> Floats | None:
        """The dual variable of the face nearest A, rows summing to zero; None for want of digits or time."""
        if time.monotonic() > self.deadline:
            return None
        self.faces += 1
        pairs = restricted.pairs
        order, contexts = pairs.by_token, pairs.contexts
        by_token = TokenPairs(pairs.shape[0], pairs.token_starts, contexts[order])
        blocks = TokenBlocks.factorised(by_token, self.problem.rows, PROXIMAL, gram=self.problem.products)
        if blocks is None:
            return None
        levels, left = np.zeros(pairs.shape[0]), np.inf
        for _ in range(MAX_PASSES):
            logits = restricted.logits(restricted.decoder(A))
            wrong = levels[contexts] - logits - shifts
            last, left = left, float((np.abs(wrong) * self.problem.lengths[contexts]).max())
            if left <= ROUNDING or left > 0.5 * last:
                break
            packed, change = blocks.solve(wrong[order], -pairs.sums(A), refinements=0)
            step = np.empty_like(A)
            step[order] = packed
            A, levels = A + step, levels + change
        return A


def _face(pairs: Pairs, A: Floats) -> tuple[Pairs, Floats]:
    """The supports and the pairs with a multiplier."""
    kept = pairs.support | (A < 0)
    return Pairs(pairs.keys[kept], pairs.shape, pairs.support[kept]), A[kept]
