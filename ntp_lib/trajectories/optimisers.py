"""One step of gradient descent and of its normalised form, as functions W ↦ W (paper, Thm 2 and App. A)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ntp_lib.margins.norms import unit
from ntp_lib.numerics.aliases import Floats
from ntp_lib.trajectories.schedules import step_sizes

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
