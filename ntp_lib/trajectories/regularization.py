"""The regularisation path: minimisers of CE over growing balls, or with vanishing ridge (paper, (8), Thm 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np
import pandas as pd
from tqdm import tqdm

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.threads import small_problems_on_one_thread
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.limiting.limits import Limits
from ntp_lib.loss.cross_entropy import excess_parts, smoothness
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_number, real_numbers
from ntp_lib.numerics.results import copied, result
from ntp_lib.trajectories.magnitudes import limits_in_range
from ntp_lib.trajectories.measurements import measure
from ntp_lib.trajectories.ridge import RidgePoint, RidgeSolver

# Each point is predicted from one whose penalty is at most this many times larger.
WARM_FACTOR = 10.0
# Penalties relative to the smoothness L, so that units of the embeddings do not matter: the least that radii are
# looked for with, and the range that is taken. Squares of W leave the range of float64 beyond it.
MIN_PENALTY = 1e-14
PENALTIES = (1e-30, 1e100)
RADIUS_TOLERANCE = 1e-10
MAX_RADIUS_STEPS = 300


@result
class RegularizationPath:
    """Outcome of `regularization_path`.

    Attributes:
        points: the minimisers, in the order asked for.
        frame: one row per point: radius, penalty, the columns of `measure`, and residual, the relative norm of
            ∇CE(W) + λW. excess_loss and finite_error are free of cancellation.
        references: F, W* and W^mm.
    """

    points: tuple[RidgePoint, ...] = field(repr=False)
    frame: pd.DataFrame = copied()
    references: Limits = field(repr=False)

    def W(self, i: int) -> Floats:
        """The i-th minimiser, (V, d)."""
        return self.points[i].W


@small_problems_on_one_thread
def regularization_path(
    data: NTPData,
    *,
    radii: Sequence[float] | None = None,
    penalties: Sequence[float] | None = None,
    references: Limits | None = None,
    progress: bool = False,
) -> RegularizationPath:
    """Minimise CE over balls ‖W‖ ≤ B, or CE(W) + ½λ‖W‖², by warm-started Newton (paper, (8)).

    The two are one path: the minimiser for λ minimises CE over the ball of its own norm (book, cor-ball-ridge).

    Args:
        data: the problem.
        radii: B, positive and increasing; or
        penalties: λ, positive and decreasing.
        references: F, W*, W^mm of the data, if already computed.
        progress: show a progress bar.

    Raises:
        NTPDataError: both or neither of radii and penalties, values out of order or range, references of other
            data, or embeddings that are all zero, for which every minimiser is.
        DidNotConvergeError: a point did not reach a relative optimality residual of 1e-9, or a radius is larger
            than any λ ≥ 1e-14 L gives, with the smoothness L of the data.
    """
    wanted = _valid_request(radii, penalties)
    data.require_an_embedding()
    references = limits_in_range(data, references)
    L = smoothness(data)
    if radii is None:
        _refuse_far_penalties(wanted, L)
    solver = RidgeSolver(references)
    point = solver.solve(L)
    points = []
    for value in tqdm(wanted, desc="path", unit="point", disable=not progress):
        point = _at_penalty(solver, value, point) if radii is None else _at_radius(solver, value, point)
        points.append(point)
    floor = excess_parts(references.W_finite, data)[0]
    rows = [_row(point, references, floor) for point in points]
    return RegularizationPath(tuple(points), pd.DataFrame(rows), references)


def _valid_request(radii: Sequence[float] | None, penalties: Sequence[float] | None) -> list[float]:
    if (radii is None) == (penalties is None):
        raise NTPDataError("give either radii or penalties")
    name, values = ("radii", radii) if radii is not None else ("penalties", penalties)
    wanted = [
        real_number(value, f"{name}[{i}]", above=0) for i, value in enumerate(real_numbers(values, name).tolist())
    ]
    steps = np.diff(wanted) * (1 if radii is not None else -1)
    if np.any(steps <= 0):
        direction = "increase" if radii is not None else "decrease"
        raise NTPDataError(f"{name} must strictly {direction}; entry {int(np.argmax(steps <= 0)) + 1} does not")
    return wanted


def _refuse_far_penalties(penalties: list[float], L: float) -> None:
    for i, penalty in enumerate(penalties):
        if not PENALTIES[0] <= penalty / L <= PENALTIES[1]:
            raise NTPDataError(
                f"penalties[{i}] is {penalty:g}; for these data, of smoothness {L:.3g}, it must lie between "
                f"{PENALTIES[0] * L:.3g} and {PENALTIES[1] * L:.3g}"
            )


def _at_penalty(solver: RidgeSolver, penalty: float, start: RidgePoint) -> RidgePoint:
    if penalty > solver.smoothness:
        return solver.solve(penalty, start)
    ratio = max(start.penalty / penalty, penalty / start.penalty)
    stages = max(1, int(np.ceil(np.log(ratio) / np.log(WARM_FACTOR) - 1e-9)))
    point = start
    for stage in np.geomspace(start.penalty, penalty, stages + 1)[1:]:
        point = solver.solve(float(stage), point)
    return point


def _at_radius(solver: RidgeSolver, radius: float, start: RidgePoint) -> RidgePoint:
    """Newton's method for ‖W_λ‖ = B in log λ; the norm decreases in λ, and its slope is known at every point."""
    point, L = start, solver.smoothness
    for _ in range(MAX_RADIUS_STEPS):
        if abs(point.radius / radius - 1) <= RADIUS_TOLERANCE:
            return point
        if point.radius == 0:
            raise DidNotConvergeError("W = 0 minimises the loss with every penalty: no other radius is reached")
        change = float(np.clip((radius - point.radius) / point.speed, -np.log(10), np.log(10)))
        if point.penalty > L or (point.penalty == L and radius < point.radius):
            # Up there W ≈ −∇CE(0)/λ, and it is log ‖W‖ that is nearly linear in log λ.
            change = np.log(radius / point.radius) * point.radius / point.speed
            change = max(float(change), float(np.log(L / point.penalty / WARM_FACTOR)))
        with np.errstate(over="ignore"):  # cut below
            penalty = min(float(point.penalty * np.exp(change)), PENALTIES[1] * L)
        if penalty < MIN_PENALTY * L:
            raise DidNotConvergeError(
                f"radius {radius:g} needs a penalty below {MIN_PENALTY * L:.3g}, past the resolution of float64; "
                f"the largest radius reached is {point.radius:.6g}"
            )
        if penalty == point.penalty == PENALTIES[1] * L:
            raise NTPDataError(
                f"radius {radius:g} is too small: it needs a penalty above {penalty:.3g}; for these data it must "
                f"be at least {point.radius:.3g}"
            )
        if abs(change) < 1e-15:
            return point
        point = _at_penalty(solver, penalty, point)
    raise DidNotConvergeError(
        f"radius {radius:g} was not reached in {MAX_RADIUS_STEPS} steps; {point.radius:.9g} was"
    )


def _row(point: RidgePoint, references: Limits, floor: float) -> dict[str, float]:
    return {
        "radius": point.radius,
        "penalty": point.penalty,
        **measure(point.W, references),
        "excess_loss": floor + point.excess,
        "finite_error": float(np.linalg.norm(point.finite)),
        "residual": point.residual,
    }
