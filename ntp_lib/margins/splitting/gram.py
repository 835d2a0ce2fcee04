"""The linear half of the splitting: functions of the Gram matrix of the rows, applied to (contexts × tokens).

They come from a Cholesky factor of the smaller Gram matrix; where that leaves the rank of the rows in doubt, from
their singular values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ntp_lib.margins.splitting import positive_definite
from ntp_lib.margins.splitting.problem import Array, ConeProblem


@dataclass(frozen=True, eq=False)
class RowSpace:
    """Functions of the Gram matrix rows·rowsᵀ.

    Attributes:
        problem: the constraints.
    """

    problem: ConeProblem

    @property
    def balanced_penalty(self) -> float:
        """The penalty at which the slowest direction of either half is equally slow."""
        largest, least = self.problem.extreme_squares
        return float((largest * least) ** -0.5)

    def half_step(self, penalty: float, relaxation: float) -> HalfStep:
        """The relaxed proximal step of ½‖W‖² on logits, for one penalty."""
        return HalfStep(self, penalty, relaxation)


@dataclass(frozen=True, eq=False)
class HalfStep:
    """T ↦ α J(T − shifts) + α shifts − (α/2) T with J = Σ̂ (Σ̂ + 1/τ)^{-1}, Σ̂ the Gram matrix."""

    space: RowSpace
    penalty: float
    relaxation: float

    @cached_property
    def _matrices(self) -> tuple[Array, Array | None]:
        """α J − α/2 as one m×m matrix where that costs less than two thin ones, else α J as the thin ones."""
        xp, problem = self.space.problem.xp, self.space.problem
        contexts, dim = problem.rows.shape
        if not problem.full_rank:
            U, squares = problem.factors
            left, right = U * (self.relaxation * squares / (squares + 1 / self.penalty)), U.T
        elif contexts <= dim:
            return self._of_the_gram_matrix(), None
        else:
            left, right = self.relaxation * problem.rows, self._ridge(problem.rows.T)
        if contexts > 2 * left.shape[1]:
            return left, xp.asarray(right, copy=True)
        return left @ right - (self.relaxation / 2) * self._identity(contexts), None

    def _of_the_gram_matrix(self) -> Array:
        """α J − α/2 = α/2 − α (1 + τ G)⁻¹."""
        identity = self._identity(self.space.problem.rows.shape[0])
        inverse = positive_definite.inverse(identity + self.penalty * self.space.problem.gram)
        assert inverse is not None  # one plus something positive semidefinite
        return (self.relaxation / 2) * identity - self.relaxation * inverse

    def _ridge(self, right: Array) -> Array:
        """(rowsᵀ·rows + 1/τ)⁻¹ · right."""
        kernel = self.space.problem.small_gram
        solve = positive_definite.solver(kernel + self._identity(kernel.shape[0]) / self.penalty)
        assert solve is not None  # a well-conditioned matrix plus a positive one
        return solve(right)

    def _identity(self, size: int) -> Array:
        problem = self.space.problem
        return problem.xp.eye(size, dtype=problem.rows.dtype, device=problem.kind.device)

    @cached_property
    def _constant(self) -> Array:
        shifts = self.space.problem.shifts
        return (self.relaxation / 2) * shifts - self._linear(shifts)

    def _linear(self, T: Array) -> Array:
        matrix, thin = self._matrices
        if thin is None:
            return matrix @ T
        return matrix @ (thin @ T) - (self.relaxation / 2) * T

    @cached_property
    def arrays(self) -> tuple[Array, Array, Array]:
        """α J − α/2 and an empty matrix, or two thin ones whose product is α J; and the constant: in rows."""
        matrix, thin = self._matrices
        thin = np.empty((0, 0)) if thin is None else thin
        return np.ascontiguousarray(matrix), np.ascontiguousarray(thin), np.ascontiguousarray(self._constant)

    def apply(self, T: Array) -> Array:
        """The step at T, (m, V)."""
        result = self._linear(T)
        result += self._constant
        return result
