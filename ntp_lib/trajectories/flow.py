"""Gradient flow dW/dt = −∇CE(W), integrated in the logarithm of time (book, eq-flow)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.threads import small_problems_on_one_thread
from ntp_lib.errors import NTPDataError
from ntp_lib.limiting.limits import Limits, not_separable
from ntp_lib.loss.cross_entropy import excess_parts
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import NUMPY, ArrayKind
from ntp_lib.numerics.numbers import real_number, real_numbers, whole_number
from ntp_lib.numerics.results import copied, result
from ntp_lib.trajectories.flow_integration import integrate
from ntp_lib.trajectories.flow_points import FlowPoint, HandOver
from ntp_lib.trajectories.initialisation import start_of
from ntp_lib.trajectories.magnitudes import limits_in_range
from ntp_lib.trajectories.measurements import measure

# Without a margin there is no second stage, and past this log t the rounding of the gradient, times t, takes over.
LAST_LOG_TIME_WITHOUT_MARGIN = 30.0
# The first stage holds (1 + t) times a part of W.
FLOW_LENGTHS = (1e-40, 1e40)
# s times W^mm is resolved to ε s: at 1e9 that is 1e-7.
FARTHEST_LOG_TIME = 1e9


@result
class GradientFlow:
    """Outcome of `gradient_flow`.

    Attributes:
        points: the flow at the times asked for, in parts that do not cancel.
        frame: one row per time: log_time and the columns of `measure`, with excess_loss and finite_error free of
            cancellation (they underflow to 0 past log t ≈ 745); log_excess, the logarithm of CE(W) − inf CE, and
            log_finite_error, which do not; one_minus_cosine and one_minus_cosine_corrected, from orthogonal parts;
            stage, 1 or 2. Without a margin the cosines are NaN and log_excess is that of CE(W) − CE_F(W°).
        references: F, W* (or W°) and W^mm.
        hand_over: where the second stage began and with which error; None where the first one sufficed.
        kind: of W0, and so of the decoders.
    """

    points: tuple[FlowPoint, ...] = field(repr=False)
    frame: pd.DataFrame = copied()
    references: Limits = field(repr=False)
    hand_over: HandOver | None
    kind: ArrayKind = field(default=NUMPY, repr=False)

    def W(self, i: int) -> Any:
        """The decoder at the i-th time, (V, d), of the kind of W0."""
        return self.kind.convert(self.points[i].W)

    def multipliers(self, i: int) -> Floats:
        """t π̂_j o_jv off the supports and 0 on them, (m, V): what converges to multipliers of the NTP-SVM."""
        return self.points[i].masses


@small_problems_on_one_thread
def gradient_flow(
    data: NTPData,
    *,
    log_times: Sequence[float] | npt.ArrayLike,
    W0: npt.ArrayLike | None = None,
    seed: int = 0,
    references: Limits | None = None,
    tolerance: float = 1e-6,
    progress: bool = False,
) -> GradientFlow:
    """Integrate dW/dt = −∇CE(W), W(0) = W0, and record it at times t = e^s (book, eq-flow).

    A first stage integrates W in s = log t by an implicit method. Once what the limit's own frame neglects is
    below the tolerance, a second one integrates ρ of W = W° + Δ + s W^mm + ρ for as long as asked.

    Args:
        data: the problem.
        log_times: natural logarithms s of the times, strictly increasing, finite; as negative as one likes.
        W0: start, (V, d); LeCun initialisation with `seed` when None.
        seed: of the initialisation.
        references: F, W*, W^mm of the data, if already computed.
        tolerance: relative local error of the integrator, and the neglected part at the hand-over.
        progress: show a progress bar.

    Returns:
        The flow at the times asked for.

    Raises:
        NTPDataError: log_times empty, not finite or not increasing; W0 of the wrong shape; no token is out of
            support anywhere; every embedding is zero.
        NotSeparableError: the data have no margin and a log time exceeds 30; up to there the first stage suffices.
        DidNotConvergeError: the integrator gave up; it says where.

    Example:
        >>> from ntp_lib import synthetic
        >>> flow = gradient_flow(synthetic.toy_2d(), log_times=[0.0, 10.0, 1000.0])
        >>> bool(flow.frame["cosine"].iloc[-1] > 0.9999)
        True
    """
    times = _valid_times(log_times)
    tolerance = real_number(tolerance, "tolerance", least=1e-12, most=1e-2)
    data.require_an_embedding()
    start = start_of(data, W0, seed=whole_number(seed, "seed"))
    references = limits_in_range(data, references, lengths=FLOW_LENGTHS)
    references.require_met_log_odds()
    if references.W_mm is None and times[-1] > LAST_LOG_TIME_WITHOUT_MARGIN:
        limit = f"log_times may go up to {LAST_LOG_TIME_WITHOUT_MARGIN:g}, not {times[-1]:g}"
        raise not_separable(references, f"the flow has no W^mm to follow: {limit}")
    points, hand_over = integrate(references, start, times, tolerance=tolerance, progress=progress)
    floor = excess_parts(references.W_finite, data)[0]
    rows = [_row(point, references, floor) for point in points]
    return GradientFlow(tuple(points), pd.DataFrame(rows), references, hand_over, ArrayKind.of(W0))


def _valid_times(log_times: Sequence[float] | npt.ArrayLike) -> list[float]:
    times = real_numbers(log_times, "log_times")
    for i in np.flatnonzero(np.abs(times) > FARTHEST_LOG_TIME):
        raise NTPDataError(f"log_times[{i}] is {times[i]:g}; it must lie within ±{FARTHEST_LOG_TIME:g}")
    if np.any(np.diff(times) <= 0):
        bad = int(np.argmax(np.diff(times) <= 0)) + 1
        raise NTPDataError(f"log_times must strictly increase; entry {bad}, {times[bad]:g}, does not")
    return [float(time) for time in times]


def _row(point: FlowPoint, references: Limits, floor: float) -> dict[str, float]:
    return {
        "log_time": point.log_time,
        **measure(point.W, references),
        "excess_loss": floor + float(np.exp(point.log_excess)),
        "finite_error": float(np.exp(point.log_finite_error)),
        "log_excess": point.log_excess,
        "log_finite_error": point.log_finite_error,
        "one_minus_cosine": point.one_minus_cosine(corrected=False),
        "one_minus_cosine_corrected": point.one_minus_cosine(corrected=True),
        "stage": point.stage,
    }
