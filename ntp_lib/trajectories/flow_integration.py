"""Both stages of the gradient flow, the hand-over between them, and what is kept of each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from tqdm import tqdm

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError
from ntp_lib.limiting.limits import Limits, compatible_counterpart
from ntp_lib.margins.active_pairs import ActivePairs, active_pairs
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.data_space import DataSpace, data_space
from ntp_lib.trajectories.flow_beginning import begin
from ntp_lib.trajectories.flow_early import EarlyStage
from ntp_lib.trajectories.flow_late import LateStage
from ntp_lib.trajectories.stepping import FlowBDF, walk

# Absolute tolerance of a logit, as a share of the relative one, and what rounding leaves of it.
LOGIT_SHARE = 0.01
LOGIT_ROUNDING = 1e-13
# Coordinates up to which explicit bases are as fast as projections of whole matrices.
DENSE_UNKNOWNS = 600
# Without a margin the contexts are dependent, and the dense system is the more exact one.
MARGINLESS_UNKNOWNS = 2000
# e^{2s} is formed in the first stage; nothing separable by a sensible margin stays in it so long.
LAST_EARLY_LOG_TIME = 300.0


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
class _Recorder:
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


def integrate(
    references: Limits,
    W0: Floats,
    times: list[float],
    *,
    tolerance: float,
    progress: bool,
    stage: Callable[[NTPData, Floats, DataSpace], EarlyStage] = EarlyStage,
    start: float | None = None,
) -> tuple[list[FlowPoint], HandOver | None]:
    """Follow the flow from W0 through `times`, which must increase.

    Args:
        references: F, W° and W^mm.
        W0: where it begins, (V, d).
        times: logarithms of times, increasing, none below `start`.
        tolerance: relative local error, and the neglected part at the hand-over.
        progress: show a progress bar.
        stage: makes the first stage of data, W° and coordinates: another one follows another equation.
        start: log t at W0; that of t = 0 when None.

    Raises:
        DidNotConvergeError: an integrator gave up, or the first stage cannot hand over.
    """
    data = compatible_counterpart(references)
    has_margin = references.W_mm is not None
    space = data_space(references.F, dense_unknowns=DENSE_UNKNOWNS if has_margin else MARGINLESS_UNKNOWNS)
    early = stage(data, references.W_finite, space)
    if not has_margin:
        early = replace(early, stretched=False)
    pairs = None if references.W_mm is None else active_pairs(references.W_mm, data, space, with_vectors=False)
    x, y = space.coordinates(W0 - references.W_finite)
    untouched = W0 - references.W_finite - space.embed_finite(x) - space.embed_offset(y)
    with tqdm(total=len(times), desc="flow", unit="time", disable=not progress) as bar:
        y_mm, matrix = (None, None) if pairs is None else (pairs.y_mm, pairs.W_mm)
        recorder = _Recorder(early, untouched, y_mm, matrix, [], bar)
        waiting = list(times)
        s, x, y = begin(early, x, y, waiting, recorder.early_point, tolerance=tolerance, start=start)
        s, state = _early(early, pairs is not None, s, early.state(s, x, y), waiting, recorder, tolerance)
        hand_over = _late(early, pairs, s, state, waiting, recorder, tolerance) if waiting else None
    return recorder.points, hand_over


def _early(
    early: EarlyStage,
    hands_over: bool,
    s: float,
    state: Floats,
    waiting: list[float],
    recorder: _Recorder,
    tolerance: float,
) -> tuple[float, Floats]:
    """The first stage, up to the last time or to where it can hand over."""
    end = min(waiting[-1], LAST_EARLY_LOG_TIME) if waiting else s
    if end <= s:
        return s, state
    solver = FlowBDF(
        early.derivative,
        s,
        state,
        end,
        linearise=early.linearise,
        rtol=tolerance,
        atol=_absolute(early, tolerance),
        jointly=early.space.finite_size,
    )
    walk(
        solver,
        waiting,
        lambda s, state: recorder.early_point(s, *early.parts(s, state)),
        finished=lambda s, state: hands_over and early.neglected(s, state) <= tolerance,
    )
    return float(solver.t), solver.y


def _late(
    early: EarlyStage,
    pairs: ActivePairs | None,
    s: float,
    state: Floats,
    waiting: list[float],
    recorder: _Recorder,
    tolerance: float,
) -> HandOver:
    """The second stage, from where the first one left off to the last time."""
    neglected = early.neglected(s, state)
    if pairs is None or neglected > tolerance:
        raise DidNotConvergeError(
            f"at log t = {s:.6g} the flow is still {neglected:.1e} away from its final regime"
        )
    late = LateStage(early, pairs)
    x, y = early.parts(s, state)
    rho = y - s * pairs.y_mm
    scale = _absolute(early, tolerance)
    solver = FlowBDF(late.derivative, s, rho, waiting[-1], linearise=late.linearise, rtol=tolerance, atol=scale)
    walk(solver, waiting, lambda s, rho: recorder.late_point(late, s, rho))
    return HandOver(s, neglected, _slaving_error(late, s, x, rho))


def _absolute(early: EarlyStage, tolerance: float) -> float:
    """Absolute tolerance of coordinates: one in a logit, over the longest embedding."""
    return max(LOGIT_SHARE * tolerance, LOGIT_ROUNDING) / max(
        float(np.linalg.norm(early.data.embeddings, axis=1).max()), 1e-300
    )


def _slaving_error(late: LateStage, s: float, x: Floats, rho: Floats) -> float:
    slaved = late.slaved(s, rho)[0] * np.exp(-s)
    size = float(np.linalg.norm(slaved))
    return float(np.linalg.norm(x - slaved)) / size if size > 0 else 0.0
