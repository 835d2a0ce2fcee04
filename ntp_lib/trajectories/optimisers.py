"""One step of each optimiser, as functions W ↦ W (paper, Thm 2 for GD, App. A for the others)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.loss.slope import Slope

Floats = npt.NDArray[np.float64]
Step = Callable[[Floats], Floats]


def gradient_descent(data: NTPData, *, step_size: float) -> Step:
    """W − η ∇CE(W)."""
    slope = Slope(data)

    def step(W: Floats) -> Floats:
        # In place: at the paper's size every further array costs a tenth of the step.
        new = slope(W)
        new *= -step_size
        new += W
        return new

    return step


def normalised_gradient_descent(data: NTPData, *, step_size: float) -> Step:
    """W − η ∇CE(W) / ‖∇CE(W)‖; W itself where the gradient has underflowed to zero."""
    slope = Slope(data)

    def step(W: Floats) -> Floats:
        new = slope(W)
        length = float(np.linalg.norm(new))
        if length == 0:
            return W
        new *= -step_size / length
        new += W
        return new

    return step


def adam(data: NTPData, *, step_size: float, betas: tuple[float, float], epsilon: float) -> Step:
    """torch.optim.Adam, given the exact gradient."""
    import torch

    slope = Slope(data)
    weights = torch.nn.Parameter(torch.zeros(data.vocab_size, data.dim, dtype=torch.float64))
    optimiser = torch.optim.Adam([weights], lr=step_size, betas=betas, eps=epsilon)

    def step(W: Floats) -> Floats:
        with torch.no_grad():
            weights.copy_(torch.from_numpy(W))
        weights.grad = torch.from_numpy(slope(W))
        optimiser.step()
        return weights.detach().numpy().copy()

    return step
