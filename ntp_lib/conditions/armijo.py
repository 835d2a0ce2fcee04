"""Steps of Newton's method cut back until the loss falls as their slope promises (Armijo)."""

from __future__ import annotations

from collections.abc import Callable

from ntp_lib.numerics.aliases import Floats


def backtracked(
    loss_at: Callable[[float], tuple[float, Floats]], loss: float, slope: float
) -> tuple[float, float, Floats]:
    """The largest of 1, ½, ¼, … that lowers the loss by 1e-4 of what its slope promises (Armijo).

    Args:
        loss_at: the loss and its probabilities, by the size of the step.
        loss: before the step.
        slope: along it, negative.
    """
    size = 1.0
    while True:
        new_loss, q = loss_at(size)
        # Rounding of the loss itself is no rise; steps of 1e-10 change nothing else.
        if new_loss <= loss + 1e-4 * size * slope + 1e-15 or size < 1e-10:
            return size, new_loss, q
        size /= 2
