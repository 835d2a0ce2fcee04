"""The flow that gradient descent follows: that of the modified equation (book, eq-modified-flow).

Descent is Euler's method for dW/dt = −g, g = ∇CE, and misses it by order η in every step. It misses
dW/dt = −g − (η/2) ∇²CE g by order η² only, so that its iterate at step k is nearly this flow at t = ηk. Both
corrections die like 1/t beside g off F, where curvatures do; on F descent and both flows rest at the same place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.limiting.limits import Limits
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.linearisation import Linearisation
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.data_space import DataSpace
from ntp_lib.subspaces.dense_space import DenseDataSpace
from ntp_lib.trajectories.flow_early import EarlyStage
from ntp_lib.trajectories.flow_integration import FlowPoint, integrate


def modified_flow(
    references: Limits, W: Floats, *, start: float, times: list[float], step_size: float, tolerance: float
) -> list[FlowPoint]:
    """Follow the flow of the modified equation from W at time `start` > 0, through log times after it.

    Args:
        references: F, W* and W^mm.
        W: the decoder at `start`, (V, d).
        start: a time.
        times: natural logarithms of times, increasing; beyond the regime of W^mm they need one.
        step_size: η.
        tolerance: of the integrator, and what the second stage may neglect.

    Returns:
        One point for each time.

    Raises:
        DidNotConvergeError: an integrator gave up.
    """

    def stage(data: NTPData, W_finite: Floats, space: DataSpace) -> ModifiedStage:
        return ModifiedStage(data, W_finite, space, step_size=step_size, tolerance=tolerance)

    s = float(np.log(start))
    return integrate(references, W, times, tolerance=tolerance, progress=False, stage=stage, start=s)[0]


@result
class ModifiedStage(EarlyStage):
    """The first stage of dW/dt = −∇CE − (η/2) ∇²CE ∇CE.

    Attributes:
        step_size: η; for 0 this is the gradient flow.
        tolerance: how much is too much to neglect for the second stage, so that a bound suffices.
    """

    step_size: float = 0.0
    tolerance: float = 1.0

    def slope(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """The parts of −∇CE − (η/2) ∇²CE ∇CE in F and in F⊥."""
        (in_F, rest), (more_in_F, more_rest) = self._terms(x, y)
        return in_F + more_in_F, rest + more_rest

    def _terms(self, x: Floats, y: Floats) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        """−∇CE and −(η/2) ∇²CE ∇CE from one softmax."""
        block, space = self.block, self.space
        residual = self.split(x, y).residual()
        first = self._pulled(residual * block.context_probs[:, None])
        q, change = block.probs - residual, space.deviation(first[0]) + space.offset(first[1])
        pull = q * (change - (q * change).sum(axis=1, keepdims=True)) * block.context_probs[:, None]
        return first, self._pulled(self.step_size / 2 * pull)

    def linearise(self, s: float, state: Floats) -> Linearisation:
        """The Jacobian of `derivative`, without the third derivatives of CE, which are of order 1/t beside it."""
        t = float(np.exp(s))
        if isinstance(self.space, DenseDataSpace):
            return SymmetricLinearisation(*self._symmetric(self.space, t, state, s), self.step_size / t)
        return ModifiedLinearisation(EarlyStage.linearise(self, s, state), self.step_size / t)

    def _symmetric(self, space: DenseDataSpace, t: float, state: Floats, s: float) -> tuple[Floats, Floats]:
        """t∇²CE in orthonormal coordinates, (n, n), and the factor from these to the state's, (n,)."""
        weights, probs = self.block.context_probs, self.block.probs
        q = probs - self.split(*self.parts(s, state)).residual()
        lengths = np.concatenate([np.sqrt(space.finite_metric), np.ones(space.offset_size)])
        maps = space.joint_map * (np.sqrt(q * weights[:, None]).reshape(-1, 1) * lengths)
        means = np.matmul(np.sqrt(q)[:, None], maps.reshape(*q.shape, -1))[:, 0]
        hessian = maps.T @ maps
        hessian -= means.T @ means
        hessian *= t
        # What the state holds of the coordinates is its own affair.
        lengths *= self.state(s, np.ones(space.finite_size), np.ones(space.offset_size))
        return hessian, lengths

    def neglected(self, s: float, state: Floats) -> float:
        """As for the flow, and the share of the correction in F⊥, which the second stage leaves out."""
        plain = EarlyStage.neglected(self, s, state)
        if plain > self.tolerance:
            return plain
        (_, rest), (_, more) = self._terms(*self.parts(s, state))
        length = float(np.linalg.norm(rest))
        return plain + (float(np.linalg.norm(more)) / length if length > 0 else 0.0)


@dataclass(frozen=True, eq=False)
class SymmetricLinearisation:
    """J − (ratio/2) J² for J = −σ B σ⁻¹ with a positive semidefinite B.

    What the coordinates add to the Jacobian on F, t/(1+t), is left out: it is small beside t∇²CE, and Newton's
    method takes no more iterations for it.

    Attributes:
        matrix: B, (n, n).
        scale: the diagonal σ, (n,).
        ratio: η/t.
    """

    matrix: Floats
    scale: Floats
    ratio: float

    @cached_property
    def _whole(self) -> Floats:
        """B + (ratio/2) B²."""
        return np.asarray(self.matrix + self.ratio / 2 * (self.matrix.T @ self.matrix))

    def factorised(self, c: float) -> Callable[[Floats], Floats]:
        """By Cholesky's factor, half the work of an LU."""
        matrix = c * self._whole
        matrix[np.diag_indices_from(matrix)] += 1.0
        factor, failed = dpotrf(matrix.T, lower=1, overwrite_a=1, clean=0)
        if failed:  # entries that are not finite: Newton's method fails, and the step shrinks
            return lambda right: np.full_like(right, np.nan)
        return lambda right: self.scale * dpotrs(factor, right / self.scale, lower=1)[0]


@dataclass(frozen=True, eq=False)
class ModifiedLinearisation:
    """J − (ratio/2) J² for the J of the plain flow, as a product of two factors of its kind.

    I − cJ + (c·ratio/2) J² is nearly (I − pJ)(I − qJ) with q = ratio/2 and p = c − q, wherever c, a step in log t,
    is much larger than ratio. The second factor does not depend on c.

    Attributes:
        plain: J = −t∇²CE and what the coordinates add.
        ratio: η/t.
    """

    plain: Linearisation
    ratio: float

    @cached_property
    def _second(self) -> Callable[[Floats], Floats]:
        return self.plain.factorised(self.ratio / 2)

    def factorised(self, c: float) -> Callable[[Floats], Floats]:
        """A function that solves (I − cJ + (c·ratio/2) J²) x = b for x."""
        first, second = self.plain.factorised(max(c - self.ratio / 2, c / 2)), self._second
        return lambda right: second(first(right))
