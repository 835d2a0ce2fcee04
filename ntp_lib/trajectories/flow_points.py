"""What is kept of a flow at each time, and of its hand-over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm import tqdm

from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.results import result
from ntp_lib.trajectories.flow_early import EarlyStage
from ntp_lib.trajectories.flow_late import LateStage


@result
class FlowPoint:
    """The flow at one time, W = W° + Δ + s W^mm + ρ.

    Attributes:
        log_time: s.
        base: W°, (V, d).
        finite: Δ = P_F W − W°, (V, d).
        drift: ρ = P_⊥ W − s W^mm, (V, d); P_⊥ W where the data have no margin.
        W_mm: W^mm, or None.
        log_excess: log(CE(W) − CE_F(W°)).
        log_finite_error: log ‖Δ‖.
        log_masses: log(t π̂_j o_jv), (m, V); −∞ on the supports.
        stage: 1 or 2.
    """

    log_time: float
    base: Floats = field(repr=False)
    finite: Floats = field(repr=False)
    drift: Floats = field(repr=False)
    W_mm: Floats | None = field(repr=False)
    log_excess: float
    log_finite_error: float
    log_masses: Floats = field(repr=False)
    stage: int

    @property
    def masses(self) -> Floats:
        """t π̂_j o_jv, (m, V); ∞ where the odds leave the range of float64, as they may near a far start."""
        with np.errstate(over="ignore"):
            return np.exp(self.log_masses)

    @property
    def W(self) -> Floats:
        """The decoder, (V, d)."""
        offset = self.drift if self.W_mm is None else self.log_time * self.W_mm + self.drift
        return self.base + self.finite + offset

    def one_minus_cosine(self, *, corrected: bool) -> float:
        """1 − cos(W, W^mm), of W − W° if corrected; NaN without a margin or for W = 0.

        With a the part along W^mm and b the one across, 1 − a/√(a² + b²) = b²/(r (r + a)), r = √(a² + b²): no
        cancellation, as b is summed from parts that do not grow.
        """
        if self.W_mm is None:
            return float("nan")
        nu = float(np.linalg.norm(self.W_mm))
        along = float(np.sum(self.drift * self.W_mm)) / nu
        settled = self.finite if corrected else self.base + self.finite
        across = float(np.linalg.norm(settled + self.drift - along * self.W_mm / nu))
        reach = self.log_time * nu + along
        radius = float(np.hypot(reach, across))
        if radius == 0:
            return float("nan")
        return across**2 / (radius * (radius + reach)) if reach > 0 else 1 - reach / radius


@dataclass(frozen=True)
class HandOver:
    """Where the second stage took over.

    Attributes:
        log_time: s.
        neglected: bound for the relative error in the off-support masses from there on; it falls like 1/t.
        slaving_error: relative distance of Δ as the first stage integrated it from the value the second gives it.
    """

    log_time: float
    neglected: float
    slaving_error: float


@dataclass(frozen=True, eq=False)
class Recorder:
    """Turns coordinates into points, and counts them."""

    early: EarlyStage
    untouched: Floats
    y_mm: Floats | None
    W_mm: Floats | None
    points: list[FlowPoint]
    bar: tqdm[Any]

    def early_point(self, s: float, x: Floats, y: Floats) -> None:
        """Record a time of the first stage."""
        split = self.early.split(x, y)
        weights = self.early.block.context_probs
        excess = float(weights @ (split.divergence + np.logaddexp(0.0, split.log_total_offset)))
        log_masses = s + split.log_offsets + np.log(weights)[:, None]
        rho = y if self.y_mm is None else y - s * self.y_mm
        with np.errstate(divide="ignore"):
            logs = float(np.log(excess)), float(np.log(self._length(x)))
        self._add(s, x, rho, logs, log_masses, 1)

    def late_point(self, late: LateStage, s: float, rho: Floats) -> None:
        """Record a time of the second stage."""
        z, energy = late.slaved(s, rho)
        log_masses = late.log_masses(s, rho)
        decay = float(np.exp(-s))
        with np.errstate(divide="ignore"):
            log_finite = float(np.log(self._length(z))) - s
        logs = float(np.log(np.exp(log_masses).sum() + energy * decay)) - s, log_finite
        self._add(s, z * decay, rho, logs, log_masses, 2)

    def _length(self, x: Floats) -> float:
        return float(np.linalg.norm(self.early.space.embed_finite(x)))

    def _add(
        self, s: float, x: Floats, rho: Floats, logs: tuple[float, float], log_masses: Floats, stage: int
    ) -> None:
        space = self.early.space
        drift = space.embed_offset(rho) + self.untouched
        point = FlowPoint(
            s, self.early.W_finite, space.embed_finite(x), drift, self.W_mm, *logs, log_masses, stage
        )
        self.points.append(point)
        self.bar.update()
