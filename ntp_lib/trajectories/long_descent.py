"""Gradient descent for any number of steps: real ones first, then the flow of the modified equation.

How far the flow from step k₀ misses the iterate at step 2k₀ is measured. Where that is little enough, and the
gradient has begun to fall, the run goes on along the flow from step 2k₀. A step of descent below 2/L never takes
two decoders apart, so that errors add up at most (book, prop-euler-distance). The same distance estimates all
later ones together if each doubling of the steps adds at most half of the one before; a quarter is observed.
"""

from __future__ import annotations

import numpy as np

from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.limiting.limits import Limits, not_separable
from ntp_lib.loss.cross_entropy import excess_parts, gradient, smoothness
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.results import result
from ntp_lib.trajectories.flow import LAST_LOG_TIME_WITHOUT_MARGIN
from ntp_lib.trajectories.flow_points import FlowPoint
from ntp_lib.trajectories.modified_flow import modified_flow
from ntp_lib.trajectories.real_steps import RealSteps
from ntp_lib.trajectories.trace import Trace

# Real steps up to the first look, and at most.
FIRST_LOOK, LAST_LOOK = 256, 2**17
# What the flow misses in a step is of third order in slope and curvature. If these fall by this factor when the
# steps double, like 1/k^(2/3), what it misses in all these steps halves, which the estimate relies on.
MOST_FALL = 0.63
# The integrator's share of the tolerance. Its local errors add up a little, so that each may be half of that.
SHARE_OF_INTEGRATION, LOCAL = 0.2, 0.5
LEAST_TOLERANCE = 1e-10
# A gradient of this many units of rounding, beside the sum of what contexts can contribute, is none.
ROUNDING = 8


@result
class LongDescent:
    """How a run of more steps than can be taken went on.

    Attributes:
        step: from where the flow of the modified equation was followed.
        error: estimated distance from the decoders of real steps, relative to ‖W‖, at any later step: that of the
            flow from half as many steps, and the integrator's share of the tolerance.
    """

    step: int
    error: float


def follow_flow(
    run: RealSteps, trace: Trace, references: Limits, *, step_size: float, tolerance: float
) -> tuple[Floats, LongDescent]:
    """Take a run of gradient descent to its last target.

    Args:
        run: at its start, with all its targets.
        trace: where it is recorded.
        references: F, W* and W^mm.
        step_size: η.
        tolerance: allowed distance from real steps, relative.

    Returns:
        The last decoder, and how it was reached.

    Raises:
        NTPDataError: η is 2/L or larger.
        NotSeparableError: the data have no margin, and the last η k exceeds e^30.
        DidNotConvergeError: the estimate stays above the tolerance, or the integrator gave up.
    """
    _require_short_steps(references, step_size)
    references.require_met_log_odds()
    last = float(np.log(step_size) + np.log(run.targets[-1]))
    if references.W_mm is None and last > LAST_LOG_TIME_WITHOUT_MARGIN:
        most = np.exp(LAST_LOG_TIME_WITHOUT_MARGIN) / step_size
        raise not_separable(references, f"steps may be at most {most:.3g}, where log(η·steps) reaches 30")
    integration = max(SHARE_OF_INTEGRATION * tolerance, 1e-12)
    local = LOCAL * integration
    W, error = _hand_over(run, references, step_size, tolerance - integration, local)
    points = modified_flow(
        references,
        W,
        start=run.done * step_size,
        times=[float(np.log(step_size) + np.log(step)) for step in run.targets],
        step_size=step_size,
        tolerance=local,
    )
    floor = excess_parts(references.W_finite, references.data)[0]
    for step, point in zip(run.targets, points, strict=True):
        trace.record(step, point.W, _known(point, floor))
    return points[-1].W, LongDescent(run.done, error + integration)


def _require_short_steps(references: Limits, step_size: float) -> None:
    longest = 2 / max(smoothness(references.data), 1e-300)
    if step_size >= longest:
        raise NTPDataError(
            f"step_size is {step_size:g}; so many steps are possible below 2/L = {longest:g} only, where gradient "
            "descent follows a flow (see `smoothness`)"
        )


def _hand_over(
    run: RealSteps, references: Limits, step_size: float, allowed: float, tolerance: float
) -> tuple[Floats, float]:
    """Step until the flow predicts the second half of the steps: the decoder, and the relative error."""
    k, W = FIRST_LOOK, run.to(FIRST_LOOK)
    while True:
        there = run.to(2 * k)
        predicted = modified_flow(
            references,
            W,
            start=k * step_size,
            times=[float(np.log(2 * k * step_size))],
            step_size=step_size,
            tolerance=tolerance,
        )[0].W
        error = float(np.linalg.norm(predicted - there) / max(float(np.linalg.norm(there)), 1e-300))
        fall = _fall(references, W, there)
        if error <= allowed and fall <= MOST_FALL:
            return there, error
        k, W = 2 * k, there
        if 2 * k > LAST_LOOK:
            raise DidNotConvergeError(_why(k, error, allowed, fall))


def _fall(references: Limits, W: Floats, there: Floats) -> float:
    """‖∇CE‖ at the second decoder over that at the first; 0 where there is none left."""
    data = references.data
    before, after = (float(np.linalg.norm(gradient(V, data))) for V in (W, there))
    size = float(data.context_probs @ np.linalg.norm(data.embeddings, axis=1))
    return after / before if after > ROUNDING * np.finfo(float).eps * size else 0.0


def _why(k: int, error: float, allowed: float, fall: float) -> str:
    if error > allowed:
        return (
            f"after {k} real steps the flow still misses gradient descent by an estimated {error:.1e} of ‖W‖, and "
            f"at most {allowed:.1e} is allowed: raise tolerance, lower step_size, or take real steps"
        )
    return (
        f"after {k} real steps the gradient is still {fall:.2f} times as long as after half of them; before it "
        f"falls to {MOST_FALL} or less no distance from the flow can be estimated: W is still far from the limit"
    )


def _known(point: FlowPoint, floor: float) -> dict[str, float]:
    """What the flow knows without the cancellation in W."""
    return {
        "excess_loss": floor + float(np.exp(point.log_excess)),
        "finite_error": float(np.exp(point.log_finite_error)),
    }
