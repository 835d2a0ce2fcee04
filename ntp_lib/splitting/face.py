"""The optimality conditions on a face of the cones, solved exactly token by token.

On a face the dual variable A lives on the pairs J = supports ∪ active pairs, and the conditions are
Σ_k G_jk a_kv + shift_jv = c_j for (j, v) ∈ J, with rows of A summing to zero. For one token v they involve only
the Gram matrix of the contexts that have v in J, so that A follows from the levels c token by token; the row sums
are then m equations for c (book, lem-token-blocks). A face may have many dual solutions; a small proximal term
picks the one nearest the last A, and repeating the step removes its bias.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ntp_lib.splitting import positive_definite
from ntp_lib.splitting.problem import Array, ConeProblem

# Weight of the proximal term, for rows of length one: it bounds the condition number of every block.
PROXIMAL = 1e-6
MAX_PASSES = 12
# Residuals this small, relative to the largest multiplier or the largest shift, are rounding.
ROUNDING = 1e-14


@dataclass(frozen=True, eq=False)
class Face:
    """A face of the cones with its factorised conditions.

    Attributes:
        problem: the constraints.
        active: pairs off the supports that lie on the face, (m, V).
    """

    problem: ConeProblem
    contexts: list[Array]
    inverses: list[Array]
    solve_levels: Callable[[Array], Array]
    pairs: Array

    @classmethod
    def of(cls, problem: ConeProblem, active: Array) -> Face | None:
        """Factorise the face of these active pairs, (m, V); None where rounding leaves it indefinite."""
        xp = problem.xp
        pairs = problem.support | active
        m = problem.rows.shape[0]
        schur = xp.zeros((m, m), dtype=problem.rows.dtype, device=problem.kind.device)
        contexts, inverses = [], []
        for token in range(pairs.shape[1]):
            (places,) = xp.nonzero(pairs[:, token])
            rows = problem.rows[places, :]
            if not places.shape[0]:
                contexts.append(places)
                inverses.append(rows @ rows.T)
                continue
            block = rows @ rows.T
            block += PROXIMAL * xp.eye(block.shape[0], dtype=block.dtype, device=problem.kind.device)
            inverse = positive_definite.inverse(block)
            if inverse is None:
                return None
            schur[places[:, None], places[None, :]] += inverse
            contexts.append(places)
            inverses.append(inverse)
        solver = positive_definite.solver(schur)
        return None if solver is None else cls(problem, contexts, inverses, solver, pairs)

    def solve(self, A: Array, shifts: Array) -> tuple[Array, Array]:
        """The dual variable of the face nearest A, and its levels.

        Args:
            A: where to start, (m, V).
            shifts: right side, (m, V).

        Returns:
            A with rows summing to zero, zero outside the face, (m, V); levels c, (m, 1).
        """
        xp = self.problem.xp
        A = xp.where(self.pairs, A, xp.zeros_like(A))
        levels = xp.zeros_like(A[:, :1])
        last = float("inf")
        for _ in range(MAX_PASSES):
            violation = xp.where(self.pairs, levels - self.problem.logits(A) - shifts, xp.zeros_like(A))
            sums = xp.sum(A, axis=1, keepdims=True)
            left = max(float(xp.max(xp.abs(violation))), float(xp.max(xp.abs(sums))))
            scale = max(float(xp.max(xp.abs(A))), float(xp.max(xp.abs(shifts))))
            if left <= ROUNDING * scale or left > 0.5 * last:
                break
            last = left
            step = self._blockwise(violation)
            change = self.solve_levels(-sums - xp.sum(step, axis=1, keepdims=True))
            step += self._blockwise(xp.where(self.pairs, change, xp.zeros_like(A)))
            A, levels = A + step, levels + change
        return A, levels

    def _blockwise(self, right: Array) -> Array:
        result = self.problem.xp.zeros_like(right)
        for token, (places, inverse) in enumerate(zip(self.contexts, self.inverses, strict=True)):
            result[places, token] = inverse @ right[places, token]
        return result
