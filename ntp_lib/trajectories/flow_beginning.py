"""The beginning of the flow, where it is not stiff: explicit steps in t itself, of the way from the start.

Up to t of a few 1/L, with the smoothness L, no step is held back by stability. What is integrated is the way that
x and y have gone, so that the flow is resolved to a part of that way and not of W°, which may be much longer.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ntp_lib.loss.cross_entropy import smoothness
from ntp_lib.numerics.aliases import Floats
from ntp_lib.trajectories.flow_early import EarlyStage
from ntp_lib.trajectories.stepping import FlowExplicit, walk

# Up to L·t = 1e-4 the flow is its second-order Taylor polynomial, with an error of 2e-9 of the way gone.
TAYLOR_SPAN = 1e-4
# Up to this L·t steps are explicit.
EXPLICIT_SPAN = 10.0

Record = Callable[[float, Floats, Floats], None]


def begin(
    early: EarlyStage,
    x: Floats,
    y: Floats,
    waiting: list[float],
    record: Record,
    *,
    tolerance: float,
    start: float | None = None,
) -> tuple[float, Floats, Floats]:
    """Follow the flow from x and y to L·t = EXPLICIT_SPAN, or to the last of the times.

    Args:
        early: the first stage.
        x: coordinates in F, relative to W°.
        y: coordinates in F⊥.
        waiting: logarithms of times, increasing; taken from the front as they are recorded.
        record: called with log t and both coordinates.
        tolerance: local error, relative to the way gone.
        start: log t at x and y; that of t = 0 when None.

    Returns:
        log t and both coordinates where it ends.
    """
    L = max(smoothness(early.data), 1e-300)
    at = _origin(x, y) if start is not None else _taylor(early, x, y)
    s = float(np.log(TAYLOR_SPAN / L)) if start is None else start
    while waiting and waiting[0] <= s:
        record(waiting[0], *at(waiting[0]))
        waiting.pop(0)
    end = float(np.log(EXPLICIT_SPAN / L))
    if not waiting or end <= s:
        return s, *at(s)
    return _explicit(early, x, y, at(s), (s, min(end, waiting[-1])), waiting, record, tolerance)


def _origin(x: Floats, y: Floats) -> Callable[[float], tuple[Floats, Floats]]:
    return lambda s: (x, y)


def _taylor(early: EarlyStage, x: Floats, y: Floats) -> Callable[[float], tuple[Floats, Floats]]:
    first = early.slope(x, y)
    second = early.hessian_action(x, y, *first)

    def at(s: float) -> tuple[Floats, Floats]:
        t = np.exp(s)
        return x + t * first[0] - t**2 / 2 * second[0], y + t * first[1] - t**2 / 2 * second[1]

    return at


def _explicit(
    early: EarlyStage,
    x: Floats,
    y: Floats,
    here: tuple[Floats, Floats],
    span: tuple[float, float],
    waiting: list[float],
    record: Record,
    tolerance: float,
) -> tuple[float, Floats, Floats]:
    """Runge and Kutta's steps for the way (x(t) − x, y(t) − y) between two logarithms of times."""
    size = len(x)

    def parts(way: Floats) -> tuple[Floats, Floats]:
        return x + way[:size], y + way[size:]

    begin, end = (float(np.exp(s)) for s in span)
    solver = FlowExplicit(
        lambda t, way: np.concatenate(early.slope(*parts(way))),
        begin,
        np.concatenate([here[0] - x, here[1] - y]),
        end,
        rtol=tolerance,
        first_step=min(begin, end - begin),
        jointly=size,
        rounding=float(np.finfo(float).eps) * np.concatenate([np.abs(x), np.abs(y)]),
    )
    times = [float(np.exp(s)) for s in waiting if s <= span[1]]
    logs, waiting[:] = waiting[: len(times)], waiting[len(times) :]
    walk(solver, times, lambda t, way: record(logs.pop(0), *parts(way)))
    return span[1], *parts(solver.y)
