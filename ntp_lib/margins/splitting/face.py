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

from ntp_lib.data.threads import one_blas_thread
from ntp_lib.margins.splitting import positive_definite
from ntp_lib.margins.splitting.problem import Array, ConeProblem

# Weight of the proximal term, relative to the least squared singular value of the rows where that is below one: it
# bounds the condition numbers of the blocks.
PROXIMAL = 1e-6
MAX_PASSES = 20
# Residuals this small, in units of the margin asked for, are rounding.
ROUNDING = 1e-14


@dataclass(frozen=True, eq=False)
class Face:
    """A face of the cones with its factorised conditions.

    Attributes:
        problem: the constraints.
        contexts, inverses: tokens with the contexts that have them on the face, and their inverted blocks.
        solve_levels: applies the inverse of the equations for the levels.
        pairs: supports and active pairs, (m, V).
    """

    problem: ConeProblem
    contexts: list[tuple[int, Array]]
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
        proximal = PROXIMAL * min(1.0, problem.extreme_squares[1])
        # Flat places of a block take a fraction of the time of pairs of them.
        gram, sum_of_inverses = xp.reshape(problem.gram, (-1,)), xp.reshape(schur, (-1,))
        contexts, inverses = [], []
        # Small blocks on several threads take many times as long as on one.
        with one_blas_thread():
            for token in range(pairs.shape[1]):
                (places,) = xp.nonzero(pairs[:, token])
                size = places.shape[0]
                if not size:
                    continue
                flat = places[:, None] * m + places
                block = gram[flat]
                xp.reshape(block, (-1,))[:: size + 1] += proximal
                inverse = positive_definite.inverse(block)
                if inverse is None:
                    return None
                sum_of_inverses[flat] += inverse
                contexts.append((token, places))
                inverses.append(inverse)
        solver = positive_definite.solver(schur)
        return None if solver is None else cls(problem, contexts, inverses, solver, pairs)

    def solve(self, A: Array, shifts: Array) -> tuple[Array, Array, float]:
        """The dual variable of the face nearest A, and its levels.

        Args:
            A: where to start, (m, V).
            shifts: right side, (m, V).

        Returns:
            A with rows summing to zero, zero outside the face, (m, V); levels c, (m, 1); and the largest residual
            of the conditions, in units of the margin asked for.
        """
        xp = self.problem.xp
        A = xp.where(self.pairs, A, xp.zeros_like(A))
        levels = xp.zeros_like(A[:, :1])
        left = float("inf")
        for _ in range(MAX_PASSES):
            violation = xp.where(self.pairs, levels - self.problem.logits(A) - shifts, xp.zeros_like(A))
            sums = xp.sum(A, axis=1, keepdims=True)
            last, left = left, float(xp.max(xp.abs(violation) * self.problem.lengths))
            if left <= ROUNDING or left > 0.5 * last:
                break
            step = self._blockwise(violation)
            change = self.solve_levels(-sums - xp.sum(step, axis=1, keepdims=True))
            step += self._blockwise(xp.where(self.pairs, change, xp.zeros_like(A)))
            A, levels = A + step, levels + change
        return A, levels, min(left, last)

    def _blockwise(self, right: Array) -> Array:
        result = self.problem.xp.zeros_like(right)
        with one_blas_thread():
            for (token, places), inverse in zip(self.contexts, self.inverses, strict=True):
                result[places, token] = inverse @ right[places, token]
        return result
