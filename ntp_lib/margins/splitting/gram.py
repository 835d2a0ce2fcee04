"""The linear half of the splitting: functions of the Gram matrix of the rows, applied to (contexts × tokens)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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
        squares = self.problem.factors[1]
        return float((squares[0] * squares[-1]) ** -0.5) if squares.shape[0] else 1.0

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
        """One m×m matrix where that costs less than two thin ones, else the thin ones."""
        xp = self.space.problem.xp
        U, squares = self.space.problem.factors
        weighted = U * (self.relaxation * squares / (squares + 1 / self.penalty))
        contexts, rank = U.shape
        if contexts > 2 * rank:
            return weighted, xp.asarray(U.T, copy=True)
        matrix = weighted @ U.T
        matrix -= (self.relaxation / 2) * xp.eye(contexts, dtype=U.dtype, device=self.space.problem.kind.device)
        return matrix, None

    @cached_property
    def _constant(self) -> Array:
        shifts = self.space.problem.shifts
        return (self.relaxation / 2) * shifts - self._linear(shifts)

    def _linear(self, T: Array) -> Array:
        matrix, thin = self._matrices
        if thin is None:
            return matrix @ T
        return matrix @ (thin @ T) - (self.relaxation / 2) * T

    def apply(self, T: Array) -> Array:
        """The step at T, (m, V)."""
        result = self._linear(T)
        result += self._constant
        return result
