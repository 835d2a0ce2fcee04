"""Douglas–Rachford splitting between ½‖W‖² and the cones: one matrix product and one water level per context.

Each iteration projects every row of logits onto its cone. The projection is a clip at a water level c_j, the root
of Σ_{z∈S_j} (x_z − c) + Σ_{v∉S_j} (x_v − c)₊ = 0. One Newton step a time from the last level usually keeps pace
with the iteration, so that no sort is needed; where it does not, more are taken. What the projection takes away
is, up to the penalty, the dual variable. Where numba is installed the passes over the rows are compiled.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ntp_lib.margins.splitting import water_level
from ntp_lib.margins.splitting.gram import RowSpace
from ntp_lib.margins.splitting.problem import Array, ConeProblem
from ntp_lib.numerics.aliases import Ints
from ntp_lib.numerics.compiled import numba_is_wanted

OVER_RELAXATION = 1.8
# Newton steps for the water level, usually and where the levels have not kept pace.
LEVEL_STEPS, MORE_LEVEL_STEPS = 1, 6
# Levels keep pace while what they leave in the row sums stays below this fraction of the iteration's own movement.
# Without this check one step a time can end in a cycle of two wrong levels.
PACE = 0.1
# The penalty is changed only when the residuals differ by more than this factor.
BALANCE = 2.0


class Splitting:
    """The state of the iteration."""

    def __init__(self, problem: ConeProblem) -> None:
        xp = problem.xp
        self.problem = problem
        self.space = RowSpace(problem)
        self.iterations = 0
        self.penalty = self.space.balanced_penalty
        self._half_step = self.space.half_step(self.penalty, OVER_RELAXATION)
        self._point = xp.asarray(problem.shifts, copy=True)
        self._level = xp.zeros_like(problem.shifts[:, :1])
        self._level_steps = MORE_LEVEL_STEPS
        self._taken = self.project(self._point)
        self._last = (self._point, self._taken)
        self._loops = _compiled_loops(problem)

    def advance(self, iterations: int) -> None:
        """Iterate."""
        self._level_steps = LEVEL_STEPS if self._levels_keep_pace() else MORE_LEVEL_STEPS
        if self._loops is not None:
            self._advance_compiled(*self._loops, iterations)
            return
        for _ in range(iterations):
            taken = self._taken
            reflected = self._point - 2 * taken
            self._last = (self._point, taken)
            new = self._half_step.apply(reflected)
            new += (1 - OVER_RELAXATION / 2) * self._point
            self._point = new
            self._taken = self.project(new)
            self.iterations += 1

    def _advance_compiled(self, advance: Any, supports: tuple[Ints, Ints], iterations: int) -> None:
        point, taken, level = self._point.copy(), self._taken.copy(), self._level.ravel()
        matrices = (*self._half_step.arrays, OVER_RELAXATION / 2)
        advance(*matrices, point, taken, level, *supports, self._level_steps, iterations - 1)
        self._last = (point.copy(), taken.copy())
        advance(*matrices, point, taken, level, *supports, self._level_steps, 1)
        self._point, self._taken, self._level = point, taken, level[:, None]
        self.iterations += iterations

    def _levels_keep_pace(self) -> bool:
        xp = self.problem.xp
        left = float(xp.max(xp.abs(xp.sum(self._taken, axis=1))))
        return left <= PACE * float(xp.max(xp.abs(self._point - self._last[0])))

    def project(self, point: Array) -> Array:
        """What lies between the point and its projection, by Newton steps from the last levels, (m, V)."""
        xp, floor = self.problem.xp, self.problem.floor
        self._level, taken = water_level.clipped(xp, point, self._level, floor, steps=self._level_steps)
        return taken

    @property
    def dual(self) -> Array:
        """The dual variable with exact signs and row sums, (m, V): W = Aᵀ·rows."""
        return self.problem.repaired(-self.penalty * self._taken)

    def rebalance(self) -> None:
        """Raise the penalty where the two halves disagree, lower it where they agree but still move."""
        norm = self.problem.xp.linalg.vector_norm
        point, taken = self._last
        projected = point - taken
        linear = (self._point - (1 - OVER_RELAXATION) * projected - taken) / OVER_RELAXATION
        now = self._point - self._taken
        disagreement = float(norm(linear - projected)) / max(float(norm(linear)), float(norm(projected)))
        movement = float(norm(now - projected)) / max(float(norm(self._taken)), np.finfo(float).tiny)
        factor = float(np.clip(np.sqrt(disagreement / max(movement, np.finfo(float).tiny)), 0.2, 5.0))
        if 1 / BALANCE < factor < BALANCE:
            return
        self.penalty *= factor
        self._half_step = self.space.half_step(self.penalty, OVER_RELAXATION)
        self._taken = self._taken / factor
        self._point = now + self._taken


def _compiled_loops(problem: ConeProblem) -> tuple[Any, tuple[Ints, Ints]] | None:
    """The compiled iteration and the supports row by row, as it takes them; None for tensors or without numba."""
    if problem.kind.library != "numpy" or not numba_is_wanted():
        return None
    from ntp_lib.margins.splitting import compiled_rows

    sizes, (_, tokens) = np.count_nonzero(problem.support, axis=1), np.nonzero(problem.support)
    return compiled_rows.advance, (np.concatenate([[0], np.cumsum(sizes)]), np.ascontiguousarray(tokens))
