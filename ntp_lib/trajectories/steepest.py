"""Normalised steepest descent in a norm, with and without momentum (book, def-geometry)."""

from __future__ import annotations

from ntp_lib.margins.norms import Norm
from ntp_lib.numerics.aliases import Floats
from ntp_lib.trajectories.optimisers import Gradient, Step
from ntp_lib.trajectories.schedules import step_sizes


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
