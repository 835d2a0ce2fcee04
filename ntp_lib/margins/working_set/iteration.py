"""Douglas–Rachford splitting on a working set: as in `ntp_lib.margins.splitting`, on some pairs only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntp_lib.margins.working_set.linear_half import LinearHalf
from ntp_lib.margins.working_set.pairs import Pairs
from ntp_lib.margins.working_set.problem import SparseProblem
from ntp_lib.margins.working_set.water_level import taken
from ntp_lib.numerics.aliases import Floats

OVER_RELAXATION = 1.8
# The penalty is changed only when the residuals differ by more than this factor, and by no more than the other.
BALANCE, MOST = 2.0, 5.0
# Beyond this penalty the rounding of float32 matrices makes the iteration diverge.
LARGEST_IN_FLOAT32 = 40.0


class WorkingSetSplitting:
    """The state of the iteration.

    Attributes:
        problem: the constraints on the pairs of now.
        iterations: so far, over all working sets.
        penalty: τ.
    """

    _point: Floats
    _taken: Floats
    _last: tuple[Floats, Floats]
    _levels: Floats

    def __init__(self, problem: SparseProblem, pairs: Pairs, penalty: float) -> None:
        self.problem = problem.on(pairs)
        self.iterations = 0
        self.penalty = penalty
        # Factorised when it is needed: a change of pairs often comes with a change of penalty.
        self._half: LinearHalf | None = None
        self._factorised = False
        self._gram = problem.gram(np.float32)
        self._restart(np.zeros(len(pairs.keys)))

    @property
    def pairs(self) -> Pairs:
        """The working set."""
        return self.problem.pairs

    @property
    def matrix_bytes(self) -> int:
        """Bytes held by the matrices of the linear half."""
        return 0 if self._half is None else self._half.size

    def advance(self, iterations: int) -> None:
        """Iterate."""
        if not self._factorised:
            self._half = LinearHalf.of(self.pairs, self._gram, self.penalty, self._half)
            self._factorised = True
        assert self._half is not None
        shifts = self.problem.shifts
        for _ in range(iterations):
            projected = self._point - self._taken
            self._last = (self._point, self._taken)
            linear = self._half.apply(projected - self._taken - shifts)
            linear += shifts
            self._point = self._point + OVER_RELAXATION * (linear - projected)
            self._taken = taken(self._point, self.pairs, self._levels)
            self.iterations += 1

    @property
    def dual(self) -> Floats:
        """The dual variable with exact signs and row sums, (p,): W = Aᵀ·rows."""
        return self.problem.repaired(-self.penalty * self._taken)

    @property
    def precision(self) -> npt.DTypeLike:
        """Of the matrices of the linear half: float32 at first, which leaves violations of about 1e-3."""
        return self._gram.rows.dtype

    def sharpen(self) -> None:
        """Go on in float64."""
        self._gram = self.problem.whole.gram(np.float64)
        self._factorised = False

    def move_to(self, pairs: Pairs, A: Floats) -> None:
        """Go on with other pairs from a dual variable on those of now, (p,)."""
        A = pairs.taken_over(A, self.pairs)
        self.problem = self.problem.whole.on(pairs)
        self._restart(A)

    def _restart(self, A: Floats) -> None:
        """Start where A is the dual variable and the shifted logits are those of its decoder."""
        logits = self.problem.logits(self.problem.decoder(A)) + self.problem.shifts
        self._factorised = False
        self._levels = self.pairs.sums(np.where(self.pairs.support, logits, 0.0)) / self.pairs.support_sizes
        self._point = logits - A / self.penalty
        self._taken = taken(self._point, self.pairs, self._levels)
        self._last = (self._point, self._taken)

    def rebalance(self) -> None:
        """Raise the penalty where the two halves disagree, lower it where they agree but still move."""
        norm, tiny = np.linalg.norm, np.finfo(float).tiny
        point, last_taken = self._last
        projected = point - last_taken
        linear = (self._point - (1 - OVER_RELAXATION) * projected - last_taken) / OVER_RELAXATION
        now = self._point - self._taken
        disagreement = float(norm(linear - projected)) / max(float(norm(linear)), float(norm(projected)), tiny)
        movement = float(norm(now - projected)) / max(float(norm(self._taken)), tiny)
        factor = float(np.clip(np.sqrt(disagreement / max(movement, tiny)), 1 / MOST, MOST))
        if 1 / BALANCE < factor < BALANCE:
            return
        self.penalty *= factor
        if self.penalty > LARGEST_IN_FLOAT32 and self.precision != np.float64:
            self.sharpen()
        self._factorised = False
        self._taken = self._taken / factor
        self._point = now + self._taken
