"""Adam with the exact gradient, and the diagonal preconditioner that it builds (paper, App. A)."""

from __future__ import annotations

import numpy as np

from ntp_lib.numerics.aliases import Floats
from ntp_lib.trajectories.optimisers import Gradient
from ntp_lib.trajectories.schedules import step_sizes


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
