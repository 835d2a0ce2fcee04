"""Minimisers of CE(W) + ½λ‖W‖², found by Newton's method without cancellation (book, thm-ridge).

A minimiser for small λ is W° plus a tiny part Δ of F plus a growing part U of F⊥. The gradient is of the size of
λ‖W‖, so Δ is carried as a variable of its own: in-support residuals computed from W itself would be rounding.
For λ above the smoothness L it is the other way round: W is small beside W°, and is carried itself.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError
from ntp_lib.limiting.limits import Limits, compatible_counterpart
from ntp_lib.loss.cross_entropy import smoothness
from ntp_lib.loss.split import SplitSoftmax, split_softmax
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.results import result
from ntp_lib.numerics.row_space import row_space
from ntp_lib.numerics.softmax_blocks import SoftmaxBlocks

MAX_NEWTON_STEPS = 100
# Where the data are not separable the minimiser stays finite and λW falls below the rounding of the gradient; a
# slope of this size per unit of embedding length is then all that float64 can tell from zero.
SLOPE_ROUNDING = 1e-14


@result
class RidgePoint:
    """One minimiser.

    Attributes:
        penalty: λ.
        W: the minimiser, (V, d).
        finite: Δ = P_F W − W°, (V, d).
        complement: U = P_⊥ W, (V, d).
        excess: CE(W) − CE_F(W°), nats.
        residual: ‖∇CE(W) + λW‖ / (λ‖W‖).
        speed: d‖W‖ / d log λ, negative.
        tangent: P_⊥ of dW / d log λ, (V, d).
    """

    penalty: float
    W: Floats
    finite: Floats
    complement: Floats
    excess: float
    residual: float
    speed: float
    tangent: Floats

    @property
    def radius(self) -> float:
        """‖W‖: the point also minimises CE over the ball of this radius."""
        return float(np.linalg.norm(self.W))


@result
class RidgeSolver:
    """Solves for one λ at a time, warm-started from another point of the path."""

    references: Limits

    @cached_property
    def data(self) -> NTPData:
        """The compatible problem with the gradients and Hessians of the data."""
        return compatible_counterpart(self.references)

    @cached_property
    def smoothness(self) -> float:
        """L, the penalty at which the path turns from W ≈ −∇CE(0)/λ towards W°."""
        return smoothness(self.data)

    @cached_property
    def basis(self) -> Floats:
        """Orthonormal basis of the embeddings' row space, (d, r); the minimisers' rows lie in it."""
        return row_space(self.data.embeddings)

    def solve(self, penalty: float, start: RidgePoint | None = None) -> RidgePoint:
        """Minimise CE(W) + ½λ‖W‖².

        Args:
            penalty: λ > 0.
            start: a nearby point of the path; W = 0 when None.

        Raises:
            DidNotConvergeError: Newton's method stalled, or λ is below the rounding of the Hessian.
        """
        near = penalty <= self.smoothness
        base = self.references.W_finite if near else np.zeros_like(self.references.W_finite)
        parts, value, splits = self._beginning(base, penalty, start)
        residual = np.inf
        for _ in range(MAX_NEWTON_STEPS):
            W = base + parts[0] + parts[1]
            slope = self._gradient(splits) + penalty * W
            factor = self._hessian(splits, penalty)
            step = -self._solve(factor, slope)
            # At W = 0 there is nothing to compare the slope with, unless it is zero and W the minimiser.
            residual = float(np.linalg.norm(slope) / (penalty * np.linalg.norm(W))) if W.any() else np.inf
            residual = residual if slope.any() else 0.0
            if self._is_stationary(residual, slope, step, W, self._slope_rounding(splits, W)):
                tangent = -self._solve(factor, penalty * W)
                speed = float(np.sum(W * tangent) / np.linalg.norm(W)) if W.any() else 0.0
                turn = tangent - self.references.F.project(tangent)
                finite = parts[0] + (base - self.references.W_finite)
                return RidgePoint(penalty, W, finite, parts[1], self._excess(splits), residual, speed, turn)
            decrease = float(np.sum(slope * step))
            parts, value, splits = self._line_search(parts, step, value, decrease, penalty)
        raise DidNotConvergeError(
            f"λ = {penalty:.3e}: the optimality residual is still {residual:.1e} after {MAX_NEWTON_STEPS} steps"
        )

    def _beginning(
        self, base: Floats, penalty: float, start: RidgePoint | None
    ) -> tuple[tuple[Floats, Floats], float, list[SplitSoftmax]]:
        """Where Newton's method starts: W = 0, the other point, or where the path leads from it."""
        near = penalty <= self.smoothness
        parts = (start.finite, start.complement) if start and near else (-base, np.zeros_like(base))
        value, splits = self._value(*parts, penalty)
        if start is not None:
            guess = self._predicted(start, penalty) if near else self._parted(start.W * (start.penalty / penalty))
            guessed, guessed_splits = self._value(*guess, penalty)
            if guessed < value:
                return guess, guessed, guessed_splits
        return parts, value, splits

    def _parted(self, W: Floats) -> tuple[Floats, Floats]:
        in_F = self.references.F.project(W)
        return in_F, W - in_F

    def _predicted(self, start: RidgePoint, penalty: float) -> tuple[Floats, Floats]:
        """Where the path leads from `start`: U is nearly linear in log λ, and Δ nearly proportional to λ."""
        ratio = penalty / start.penalty
        return start.finite * min(ratio, 1.0), start.complement + np.log(ratio) * start.tangent

    def _is_stationary(
        self, residual: float, slope: Floats, step: Floats, W: Floats, rounding: float = 0.0
    ) -> bool:
        if residual <= 1e-10:
            return True
        steps_ended = float(np.linalg.norm(step)) <= 1e-12 * float(np.linalg.norm(W))
        if steps_ended and (residual <= 1e-9 or float(np.linalg.norm(slope)) <= rounding):
            return True
        longest = float(np.linalg.norm(self.data.embeddings, axis=1).max())
        return self.references.svm is None and float(np.linalg.norm(slope)) <= SLOPE_ROUNDING * longest

    def _slope_rounding(self, splits: list[SplitSoftmax], W: Floats) -> float:
        """How much slope the rounding of W's own entries makes: masses off the supports, times ε of the logits.

        Near the threshold of separability W is long and its logits are small: no W in float64 does better.
        """
        squares, longest = self._gram.diagonal(), float(np.linalg.norm(W, axis=1).max())
        total = 0.0
        for split in splits:
            odds = np.exp(-np.logaddexp(0.0, -split.log_total_offset))
            total += float((split.block.context_probs * odds) @ squares[split.block.rows])
        return 2 * np.finfo(float).eps * longest * total

    def _line_search(
        self, parts: tuple[Floats, Floats], step: Floats, value: float, decrease: float, penalty: float
    ) -> tuple[tuple[Floats, Floats], float, list[SplitSoftmax]]:
        in_F = self.references.F.project(step)
        scale = 1.0
        while True:
            new = (parts[0] + scale * in_F, parts[1] + scale * (step - in_F))
            new_value, splits = self._value(*new, penalty)
            # The last term is the rounding of the value, below which no decrease can be seen.
            if new_value <= value + 1e-4 * scale * decrease + 1e-13 * abs(value) or scale < 1e-8:
                return new, new_value, splits
            scale /= 2

    def _value(self, finite: Floats, complement: Floats, penalty: float) -> tuple[float, list[SplitSoftmax]]:
        """The objective at finite + complement, to which W° is added for small λ: only `finite` deviates then."""
        near = penalty <= self.smoothness
        W = self.references.W_finite + finite + complement if near else finite + complement
        splits = []
        for block in self.data.blocks():
            deviation = np.where(block.support, block.embeddings @ finite.T, 0.0) if near else None
            logits = block.embeddings @ W.T
            splits.append(split_softmax(logits, block, deviation))
        return self._excess(splits) + penalty * float(np.sum(W * W)) / 2, splits

    def _excess(self, splits: list[SplitSoftmax]) -> float:
        return sum(
            float(s.block.context_probs @ (s.divergence + np.logaddexp(0.0, s.log_total_offset))) for s in splits
        )

    def _gradient(self, splits: list[SplitSoftmax]) -> Floats:
        total = np.zeros((self.data.vocab_size, self.data.dim))
        for split in splits:
            total -= (split.residual() * split.block.context_probs[:, None]).T @ split.block.embeddings
        return total

    def _hessian(self, splits: list[SplitSoftmax], penalty: float) -> SoftmaxBlocks:
        """Σ_j π̂_j (diag q_j − q_j q_jᵀ) ⊗ x_j x_jᵀ + λI, with x_j the coordinates of h̄_j in `basis`."""
        q = np.concatenate([split.block.probs - split.residual() for split in splits])
        blocks = SoftmaxBlocks.factorised(self._rows, self._gram, self.data.context_probs, q, penalty)
        if blocks is None:
            largest = float(np.max(self.data.context_probs * self._gram.diagonal()))
            raise DidNotConvergeError(
                f"λ = {penalty:.3e} is lost in the rounding of a Hessian of size {largest:.1e}; ask for larger "
                "penalties or scale the embeddings down"
            )
        return blocks

    @cached_property
    def _rows(self) -> Floats:
        return self.data.embeddings @ self.basis

    @cached_property
    def _gram(self) -> Floats:
        return self._rows @ self._rows.T

    def _solve(self, factor: SoftmaxBlocks, right: Floats) -> Floats:
        return factor.solve(right @ self.basis) @ self.basis.T
