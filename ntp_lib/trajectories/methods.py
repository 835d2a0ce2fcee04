"""The methods of training by name."""

from __future__ import annotations

from ntp_lib.margins.norms import NORMS
from ntp_lib.trajectories.adaptive import Adam
from ntp_lib.trajectories.optimisers import Gradient, Step, gradient_descent, normalised_gradient_descent
from ntp_lib.trajectories.steepest import steepest_descent

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
