"""Training a decoder and measuring it at logarithmically spaced steps (paper, Thm 2, Figs 1, 4, 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from tqdm import tqdm

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.threads import small_problems_on_one_thread
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.limiting.limits import Limits
from ntp_lib.loss.sampled import SampledSlope, TokenSlope
from ntp_lib.loss.slope import Slope
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import ArrayKind
from ntp_lib.numerics.numbers import one_of, real_number, real_numbers, whole_number
from ntp_lib.numerics.results import copied, result
from ntp_lib.trajectories.initialisation import start_of
from ntp_lib.trajectories.magnitudes import limits_in_range
from ntp_lib.trajectories.optimisers import METHODS, make_step
from ntp_lib.trajectories.token_descent import TokenDescent
from ntp_lib.trajectories.trace import Measure, Trace

# The decoder after so many further steps, a new array.
Walk = Callable[[Floats, int], Floats]

STEPS_BETWEEN_LOOKS = 100
# A step takes some ten microseconds at least, a thousand million of them hours; later times belong to the flow.
MOST_STEPS = 10**9
MOST_RECORDS = 10**6
# ‖W‖² up to which products of W with embeddings and references stay in the range of float64.
LARGEST_SQUARE = 1e200


@result
class Trajectory:
    """Outcome of `train`.

    Attributes:
        W: the last decoder, (V, d), of the kind of W0.
        frame: one row per recorded step: step and the columns of `measure_all`.
        references: what it was measured against.
    """

    W: Any = copied()
    frame: pd.DataFrame = copied()
    references: Limits = field(repr=False)


@small_problems_on_one_thread
def train(
    data: NTPData,
    *,
    method: str = "gd",
    step_size: float = 0.5,
    steps: int = 10_000,
    W0: npt.ArrayLike | None = None,
    seed: int = 0,
    step_decay: float = 0.0,
    betas: tuple[float, float] = (0.9, 0.99),
    epsilon: float = 1e-8,
    momentum: float = 0.9,
    batch_size: int | None = None,
    sample_tokens: bool = False,
    references: Limits | None = None,
    num_records: int | None = 100,
    measure: Measure | None = None,
    progress: bool = False,
) -> Trajectory:
    """Minimise CE from W0 and record the trajectory.

    Args:
        data: the problem.
        method: "gd", "ngd" (normalised gradient descent), "adam"; steepest descent in other norms: "sign" and
            "spectral"; the same of averaged gradients: "signum", "muon" and "ngd_momentum".
        step_size: η; GD converges for every η < 2/L (see `smoothness`).
        steps: number of steps.
        W0: start, (V, d); LeCun initialisation with `seed` when None.
        seed: of the initialisation and of the batches.
        step_decay: p in η_k = η / k^p, k from 1; for 1/2 < p ≤ 1 the steps have an infinite sum and the squares a
            finite one.
        betas: Adam's decay rates.
        epsilon: Adam's stability constant.
        momentum: β of "signum", "muon" and "ngd_momentum".
        batch_size: contexts drawn for every step (see `SampledSlope`); None for the exact gradient.
        sample_tokens: draw one token for each sampled context, in place of its distribution (see `TokenSlope`).
            Gradient descent on one pair a step is the fastest: a few microseconds at the paper's size.
        references: F, W*, W^mm of the data, if already computed.
        num_records: how many steps are recorded, about equally spaced in log(step); step 0 and the last included.
            None records every step.
        measure: further columns of the trace, from K decoders (K, V, d) to arrays of shape (K,) by name.
        progress: show a progress bar.

    Returns:
        The last decoder and the trace.

    Raises:
        NTPDataError: no token is out of support anywhere, every embedding is zero, or an argument outside its
            range.
        DidNotConvergeError: the weights left the range of float64.
    """
    one_of(method, "method", METHODS)
    constants = valid_constants(
        step_size=step_size, step_decay=step_decay, betas=betas, epsilon=epsilon, momentum=momentum
    )
    steps, num_records = valid_schedule(steps, num_records)
    seed = whole_number(seed, "seed")
    data.require_an_embedding()
    W = start_of(data, W0, seed=seed)
    references = limits_in_range(data, references)
    walk = _walk(data, method, batch_size, sample_tokens, seed, constants)
    trace = Trace(references, measure)
    done = 0
    with tqdm(total=steps, desc=method, unit="step", disable=not progress) as bar:
        for target in recorded_steps(steps, num_records):
            W = _advance(walk, W, done, target, method)
            bar.update(target - done)
            done = target
            trace.record(done, W)
    return Trajectory(ArrayKind.of(W0).convert(W), trace.frame(), references)


def _walk(
    data: NTPData, method: str, batch_size: Any, sample_tokens: Any, seed: int, constants: dict[str, Any]
) -> Walk:
    if not isinstance(sample_tokens, bool | np.bool_):
        raise NTPDataError(f"sample_tokens is {sample_tokens!r}; it must be True or False")
    if sample_tokens and batch_size is None:
        raise NTPDataError(
            "sample_tokens draws one token for each sampled context, and batch_size is None, which samples no "
            "contexts: give the number of pairs drawn for a step as batch_size"
        )
    slope: Slope | SampledSlope | TokenSlope
    if batch_size is None:
        slope = Slope(data)
    elif sample_tokens:
        slope = TokenSlope(data, batch_size=batch_size, seed=seed)
        if method == "gd" and batch_size == 1:
            sizes = {name: constants[name] for name in ("step_size", "step_decay")}
            return TokenDescent(data, seed=seed, **sizes)
    else:
        slope = SampledSlope(data, batch_size=batch_size, seed=seed)
    advance = make_step(method, slope, **constants)

    def walk(W: Floats, count: int) -> Floats:
        for _ in range(count):
            W = advance(W)
        return W

    return walk


def _advance(walk: Walk, W: Floats, done: int, target: int, method: str) -> Floats:
    # Steps far too long overflow, and so may the loss of what they lead to: the look below says so by name.
    # An entry that is not finite stays so: looking at the weights now and then misses nothing. ‖W‖² is looked at,
    # because no measurement can be taken where it overflows.
    for start in range(done, target, STEPS_BETWEEN_LOOKS):
        with np.errstate(over="ignore", invalid="ignore"):
            W = walk(W, min(STEPS_BETWEEN_LOOKS, target - start))
            length = np.vdot(W, W)
        if not length <= LARGEST_SQUARE:
            raise DidNotConvergeError(f"{method} left the range of float64 before step {target}; lower step_size")
    return W


def valid_schedule(steps: Any, num_records: Any) -> tuple[int, int | None]:
    """Check how many steps are taken and recorded.

    Raises:
        NTPDataError: no whole numbers, or more than a run or its trace can hold.
    """
    steps = whole_number(steps, "steps", least=1, most=MOST_STEPS)
    if num_records is not None:
        return steps, whole_number(num_records, "num_records", least=2, most=MOST_RECORDS)
    if steps >= MOST_RECORDS:
        raise NTPDataError(
            f"num_records is None, which records every step, and steps is {steps}; at most {MOST_RECORDS} are "
            "recorded: give a number of records"
        )
    return steps, None


def valid_constants(*, step_size: Any, step_decay: Any, betas: Any, epsilon: Any, momentum: Any) -> dict[str, Any]:
    """Check the constants of the methods.

    Raises:
        NTPDataError: one that is no number, or outside its range.
    """
    decays = real_numbers(betas, "betas")
    if len(decays) != 2:
        raise NTPDataError(f"betas has {len(decays)} entries; it must be two numbers in [0, 1)")
    return {
        "step_size": real_number(step_size, "step_size", above=0),
        # Beyond one the steps have a finite sum, and the run ends short of its limit.
        "step_decay": real_number(step_decay, "step_decay", least=0, most=1),
        "betas": tuple(real_number(beta, f"betas[{i}]", least=0, below=1) for i, beta in enumerate(decays)),
        "epsilon": real_number(epsilon, "epsilon", least=0),
        "momentum": real_number(momentum, "momentum", least=0, below=1),
    }


def recorded_steps(steps: int, num_records: int | None) -> list[int]:
    """0 and about `num_records` distinct steps up to `steps`, evenly spaced in log(step); every step for None."""
    if num_records is None:
        return list(range(steps + 1))
    spaced = np.unique(np.rint(np.geomspace(1, steps, num_records)).astype(int))
    return [0, *spaced.tolist()]
