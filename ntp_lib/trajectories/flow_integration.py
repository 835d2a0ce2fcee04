"""Both stages of the gradient flow and the hand-over between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError
from ntp_lib.limiting.limits import Limits, compatible_counterpart
from ntp_lib.margins.active_pairs import ActivePairs, active_pairs
from ntp_lib.numerics.aliases import Floats
from ntp_lib.subspaces.data_space import DataSpace, data_space
from ntp_lib.trajectories.flow_beginning import begin
from ntp_lib.trajectories.flow_early import EarlyStage
from ntp_lib.trajectories.flow_late import LateStage
from ntp_lib.trajectories.flow_points import FlowPoint, HandOver, Recorder
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
        recorder = Recorder(early, untouched, y_mm, matrix, [], bar)
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
    recorder: Recorder,
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
    recorder: Recorder,
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
