"""Steps of every method, W ↦ W, and the methods by name (paper, Thm 2 and App. A; book, def-geometry)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import numpy as np

from ntp_lib.margins.norms import NORMS, Norm, unit
from ntp_lib.numerics.aliases import Floats

# Each gives a new array.
Gradient = Callable[[Floats], Floats]
Step = Callable[[Floats], Floats]

# Below this length the squares of entries may have underflowed.
SAFE_LENGTH = 1e-140


def gradient_descent(slope: Gradient, *, step_size: float, step_decay: float = 0.0) -> Step:
    """W − η_k ∇CE(W)."""
    sizes = step_sizes(step_size, step_decay)

    def step(W: Floats) -> Floats:
        # In place: at the paper's size every further array costs a tenth of the step.
        new = slope(W)
        new *= -next(sizes)
        new += W
        return new

    return step


def normalised_gradient_descent(slope: Gradient, *, step_size: float, step_decay: float = 0.0) -> Step:
    """W − η_k ∇CE(W) / ‖∇CE(W)‖; W itself where the gradient has underflowed to zero."""
    sizes = step_sizes(step_size, step_decay)

    def step(W: Floats) -> Floats:
        new, step_size = slope(W), next(sizes)
        length = float(np.linalg.norm(new))
        if length < SAFE_LENGTH:
            return W - step_size * unit(new)
        new *= -step_size / length
        new += W
        return new

    return step


def step_sizes(step_size: float, decay: float = 0.0) -> Iterator[float]:
    """η_k = η / k^decay for k = 1, 2, …; constant for decay 0."""
    return (step_size / k**decay for k in count(1))


def steepest_descent(
    slope: Gradient, *, norm: Norm, step_size: float, step_decay: float = 0.0, momentum: float = 0.0
) -> Step:
    """W − η_k Δ_k, where Δ_k maximises ⟨M_k, Δ⟩ over ‖Δ‖ ≤ 1 and M_k = βM_{k−1} + (1−β)∇CE(W_k), M_{−1} = 0.

    Without momentum these are SignGD ("max"), spectral descent and normalised gradient descent ("frobenius"); with
    momentum Signum, Muon with the exact polar factor, and normalised gradient descent with momentum. A gradient
    that is zero in float64 gives no step.
    """
    sizes = step_sizes(step_size, step_decay)
    average: Floats | None = None

    def step(W: Floats) -> Floats:
        nonlocal average
        fresh = slope(W)
        average = (1 - momentum) * fresh if average is None else momentum * average + (1 - momentum) * fresh
        return W - next(sizes) * norm.ascent(average)

    return step


class Adam:
    """W ↦ W − η_k m̂_k / (√v̂_k + ε), the step of torch.optim.Adam (book, eq-adam).

    It carries √v instead of v, updated by hypot: squares of gradients below 1e-154 underflow, and with ε = 0 the
    quotient 0/0 would end the run there. So it goes on as far as the gradients themselves, to 1e-308. An entry
    whose gradient has been zero at every step does not move.
    """

    def __init__(
        self,
        slope: Gradient,
        *,
        step_size: float,
        betas: tuple[float, float],
        epsilon: float,
        step_decay: float = 0.0,
    ) -> None:
        self._slope = slope
        self._sizes = step_sizes(step_size, step_decay)
        self._betas, self._epsilon = betas, epsilon
        self._steps = 0
        self._first: Floats = np.zeros(())
        self._root: Floats = np.zeros(())

    def __call__(self, W: Floats) -> Floats:
        """One step, (V, d) to (V, d)."""
        (beta1, beta2), fresh = self._betas, self._slope(W)
        self._first = beta1 * self._first + (1 - beta1) * fresh
        self._root = np.hypot(np.sqrt(beta2) * self._root, np.sqrt(1 - beta2) * fresh)
        self._steps += 1
        scale = self.scale
        quotient = np.divide(self._first, scale, out=np.zeros_like(fresh), where=scale > 0)
        return np.asarray(W - next(self._sizes) / (1 - beta1**self._steps) * quotient)

    @property
    def scale(self) -> Floats:
        """√v̂ + ε, by which each entry of the averaged gradient is divided, (V, d); its inverse preconditions."""
        return np.asarray(self._root / np.sqrt(1 - self._betas[1] ** self._steps) + self._epsilon)


# The norm whose unit ball a method takes its steps from, and whether it averages gradients first.
STEEPEST = {
    "sign": ("max", False),
    "signum": ("max", True),
    "spectral": ("spectral", False),
    "muon": ("spectral", True),
    "ngd_momentum": ("frobenius", True),
}
METHODS = ("gd", "ngd", "adam", *STEEPEST)


def make_step(
    method: str,
    slope: Gradient,
    *,
    step_size: float,
    step_decay: float = 0.0,
    betas: tuple[float, float] = (0.9, 0.99),
    epsilon: float = 1e-8,
    momentum: float = 0.9,
) -> Step:
    """The step of one of METHODS, with the constants that it uses; the others are ignored."""
    if method == "adam":
        return Adam(slope, step_size=step_size, step_decay=step_decay, betas=betas, epsilon=epsilon)
    if method == "gd":
        return gradient_descent(slope, step_size=step_size, step_decay=step_decay)
    if method == "ngd":
        return normalised_gradient_descent(slope, step_size=step_size, step_decay=step_decay)
    norm, averages = STEEPEST[method]
    return steepest_descent(
        slope,
        norm=NORMS[norm],
        step_size=step_size,
        step_decay=step_decay,
        momentum=momentum if averages else 0.0,
    )
