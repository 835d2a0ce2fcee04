"""Descent on choice data with its clock, and the gradient flow to compare it with (book, rem-clocks).

A method that steps by −γ_i ∇CE(W_i) has the clock t_k = Σ_{i<k} γ_i: gradient descent γ_i = η_i, normalised
descent γ_i = η_i / ‖∇CE(W_i)‖. At equal times it lies near the flow from the same start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np
import numpy.typing as npt
from scipy.integrate import solve_ivp

from ntp_lib.choice.data import ChoiceData
from ntp_lib.choice.slope import ChoiceSlope
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.numbers import one_of, real_number, real_numbers
from ntp_lib.numerics.results import result
from ntp_lib.trajectories.optimisers import step_sizes
from ntp_lib.trajectories.training import recorded_steps, valid_schedule

METHODS = ("gd", "ngd")
# The flow starts at s = log t = −12 with one step of Euler's method, whose error is of the order of e^{−24}.
FLOW_START = -12.0
FLOW_TOLERANCE = 1e-10


@result
class ChoiceRun:
    """Weights along a motion.

    Attributes:
        steps: how many steps were taken, (r,); −1 for the flow.
        times: the clock, (r,).
        weights: W there, (r, d, d').
    """

    steps: Ints
    times: Floats
    weights: Floats = field(repr=False)


def choice_descent(
    choice: ChoiceData,
    W0: npt.ArrayLike,
    *,
    method: str = "ngd",
    step_size: float = 0.01,
    step_decay: float = 0.0,
    steps: int = 1000,
    num_records: int | None = 100,
) -> ChoiceRun:
    """Descend from W0 and keep the weights, and the clock, at about equally spaced logarithms of the step.

    Args:
        choice: the data.
        W0: start, (d, d').
        method: "gd", or "ngd" for normalised gradient descent.
        step_size: η; `ntp_lib.choice.loss.smoothness` gives L, and GD converges for every η < 2/L.
        step_decay: p in η_k = η / k^p.
        steps: how many.
        num_records: how many are kept; None keeps all.

    Raises:
        NTPDataError: an argument outside its range.
        DidNotConvergeError: the gradient is zero in float64, so that it has no direction.

    Example:
        >>> data = ChoiceData.from_sentences(["abq"], ["a"])
        >>> run = choice_descent(data, np.zeros((3, 3)), method="gd", step_size=1.0, steps=2, num_records=None)
        >>> run.times.tolist(), run.weights[1, :, 2].round(3).tolist()
        ([0.0, 1.0, 2.0], [0.667, -0.333, -0.333])
    """
    one_of(method, "method", METHODS)
    sizes = step_sizes(
        real_number(step_size, "step_size", above=0), real_number(step_decay, "step_decay", least=0, most=1)
    )
    steps, num_records = valid_schedule(steps, num_records)
    W, slope, clock = choice.check_weights(W0, "W0").copy(), ChoiceSlope(choice), 0.0
    kept, done = [], 0
    for target in recorded_steps(steps, num_records):
        for _ in range(target - done):
            gradient = slope(W)
            factor = next(sizes)
            if method == "ngd":
                length = float(np.linalg.norm(gradient))
                if not length:
                    raise DidNotConvergeError(f"the gradient is zero in float64 before step {target}")
                factor /= length
            W = W - factor * gradient
            clock += factor
        done = target
        kept.append((target, clock, W))
    found = list(zip(*kept, strict=True))
    return ChoiceRun(np.array(found[0]), np.array(found[1]), np.array(found[2]))


def choice_flow(choice: ChoiceData, W0: npt.ArrayLike, *, log_times: Sequence[float]) -> ChoiceRun:
    """The gradient flow dW/ds = −e^s ∇CE(W) in s = log t, by an implicit method where it is stiff.

    Args:
        choice: the data; W should have few entries, some hundred.
        W0: W at t = 0, (d, d').
        log_times: increasing s, above −12.

    Raises:
        NTPDataError: log_times not increasing, or not above −12.
        DidNotConvergeError: the integrator gave up.
    """
    wanted = real_numbers(log_times, "log_times")
    if not len(wanted) or wanted[0] <= FLOW_START or np.any(np.diff(wanted) <= 0):
        raise NTPDataError(f"log_times must be increasing numbers above {FLOW_START:g}; got {wanted.tolist()}")
    W, slope = choice.check_weights(W0, "W0"), ChoiceSlope(choice)

    def rate(s: float, flat: Floats) -> Floats:
        return np.asarray(-np.exp(s) * slope(flat.reshape(choice.shape)).ravel())

    begin = W - np.exp(FLOW_START) * slope(W)
    span = (FLOW_START, float(wanted[-1]))
    found = solve_ivp(rate, span, begin.ravel(), "LSODA", t_eval=wanted, rtol=FLOW_TOLERANCE, atol=FLOW_TOLERANCE)
    if not found.success:
        raise DidNotConvergeError(f"the flow was not integrated to s = {wanted[-1]:g}: {found.message}")
    return ChoiceRun(np.full(len(wanted), -1), np.exp(wanted), found.y.T.reshape(-1, *choice.shape))


def direction_gaps(weights: npt.ArrayLike, target: npt.ArrayLike) -> Floats:
    """1 − cos of each matrix with a target, as half the squared distance of unit vectors, which does not cancel.

    Args:
        weights: (r, d, d'), none of them zero.
        target: (d, d'), not zero.
    """
    stack, aim = np.asarray(weights, dtype=np.float64), np.asarray(target, dtype=np.float64)
    lengths = np.linalg.norm(stack, axis=(1, 2), keepdims=True)
    if not lengths.all() or not aim.any():
        raise NTPDataError("a zero matrix has no direction; weights and target must not vanish")
    return np.asarray(0.5 * np.sum((stack / lengths - aim / np.linalg.norm(aim)) ** 2, axis=(1, 2)))
