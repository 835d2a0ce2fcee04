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

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.limiting.limits import Limits
from ntp_lib.loss.cross_entropy import smoothness
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.linearisation import Linearisation, PlainLinearisation
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.data_space import DataSpace
from ntp_lib.trajectories.flow_early import EarlyStage
from ntp_lib.trajectories.flow_integration import integrate
from ntp_lib.trajectories.flow_points import FlowPoint

# The larger node of Chebyshev's polynomial of degree two on [0, 1].
LARGER_NODE = (1 + np.sqrt(0.5)) / 2
# For steps in log t much below η/t no equation needs solving; blocks need a positive factor all the same.
LEAST_SHARE = 0.2


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
        return ModifiedLinearisation(self.plain_linearisation(s, state), self.step_size / t, t * self._smoothness)

    @cached_property
    def _smoothness(self) -> float:
        return smoothness(self.data)

    def neglected(self, s: float, state: Floats) -> float:
        """As for the flow, and the share of the correction in F⊥, which the second stage leaves out."""
        plain = EarlyStage.neglected(self, s, state)
        if plain > self.tolerance:
            return plain
        (_, rest), (_, more) = self._terms(*self.parts(s, state))
        length = float(np.linalg.norm(rest))
        return plain + (float(np.linalg.norm(more)) / length if length > 0 else 0.0)


@dataclass(frozen=True, eq=False)
class ModifiedLinearisation:
    """J − (ratio/2) J² for the J of the plain flow, from the factors of that alone.

    With H = −J and q = ratio/2, what is to be inverted is 1 + ch(1 + qh) for every eigenvalue h of H, from 0 to
    `largest`, where b = q·largest ≤ 1. For the inverse there stands (1 + Bh)/(1 + ph), equal to it at h = 0 and at
    Chebyshev's two nodes on [0, largest], so that its relative error is at most b²/(8 (1 + b)) ≤ 1/16. That is
    as good as exact for Newton's method, and costs nothing.

    Attributes:
        plain: J = −t∇²CE and what the coordinates add.
        ratio: η/t.
        largest: a bound for the eigenvalues of t∇²CE, at most 2/ratio.
    """

    plain: PlainLinearisation
    ratio: float
    largest: float

    def factorised(self, c: float) -> Callable[[Floats], Floats]:
        """A function that solves (I − cJ + (c·ratio/2) J²) x = b for x, to a few per cent."""
        q, h = self.ratio / 2, LARGER_NODE * self.largest
        b = q * self.largest
        p = max((c * (1 + b + b**2 / 8) - q) / (1 + b), LEAST_SHARE * q)
        B = (p - c * (1 + q * h)) / (1 + c * h * (1 + q * h))
        return self.plain.factorised(p, above=B)
