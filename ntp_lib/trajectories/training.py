"""Training a decoder and measuring it at logarithmically spaced steps (paper, Thm 2, Figs 1, 4, 5)."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from tqdm import tqdm

from ntp_lib.choice.data import ChoiceData
from ntp_lib.choice.references import ChoiceReferences
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.threads import threads_for
from ntp_lib.errors import NTPDataError
from ntp_lib.limiting.limits import Limits
from ntp_lib.numerics.arrays import ArrayKind
from ntp_lib.numerics.numbers import one_of, real_number, real_numbers, whole_number
from ntp_lib.numerics.results import copied, result
from ntp_lib.trajectories.long_descent import LAST_LOOK, LEAST_TOLERANCE, LongDescent, follow_flow
from ntp_lib.trajectories.optimisers import METHODS
from ntp_lib.trajectories.real_steps import RealSteps
from ntp_lib.trajectories.settings import setting_of
from ntp_lib.trajectories.trace import Measure, Trace

# A step takes some microseconds at least, a thousand million of them hours; later ones follow the flow.
MOST_STEPS = 10**9
# Whole numbers beyond 2^63 are no integers of NumPy.
MOST_FLOW_STEPS = 10**18
# With a tolerance given, runs longer than a loop takes in a second or so follow the flow.
STEPS_OF_A_SECOND = 10**5
USUAL_TOLERANCE = 1e-6
MOST_RECORDS = 10**6


@result
class Trajectory:
    """Outcome of `train`.

    Attributes:
        W: the last decoder, (V, d), or matrix of choice data, (d, d'), of the kind of W0.
        frame: one row per recorded step: step and the columns of `measure_all`; for choice data step, clock and
            those of `measure_choices`.
        references: what it was measured against.
        long: where and how well the flow of the modified equation took over; None for real steps to the end.
    """

    W: Any = copied()
    frame: pd.DataFrame = copied()
    references: Limits | ChoiceReferences = field(repr=False)
    long: LongDescent | None = None


def train(
    data: NTPData | ChoiceData,
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
    references: Limits | ChoiceReferences | None = None,
    num_records: int | None = 100,
    measure: Measure | None = None,
    tolerance: float | None = None,
    progress: bool = False,
) -> Trajectory:
    """Minimise CE from W0 and record the trajectory.

    Plain gradient descent goes on for as many steps as asked, up to 10^18: after some hundred real ones the
    decoder follows the flow of the modified equation, in logarithmic time, to within `tolerance`.

    On choice data all steps are real ones, from the exact gradient. The trace has the flow's clock beside them,
    t_k = Σ η_i for "gd" and Σ η_i/‖∇CE(W_i)‖ for "ngd".

    Args:
        data: the problem, next-token or choice data.
        method: "gd", "ngd" (normalised gradient descent), "adam"; steepest descent in other norms: "sign" and
            "spectral"; the same of averaged gradients: "signum", "muon" and "ngd_momentum".
        step_size: η; GD converges for every η < 2/L (see `smoothness`).
        steps: number of steps; beyond 10^9, and with a `tolerance` beyond 10^5, only some hundred are real ones.
        W0: start, (V, d) or (d, d'); LeCun initialisation with `seed` when None.
        seed: of the initialisation and of the batches.
        step_decay: p in η_k = η / k^p, k from 1; for 1/2 < p ≤ 1 the steps have an infinite sum and the squares a
            finite one.
        betas: Adam's decay rates.
        epsilon: Adam's stability constant.
        momentum: β of "signum", "muon" and "ngd_momentum".
        batch_size: contexts drawn for every step (see `SampledSlope`); None for the exact gradient.
        sample_tokens: draw one token for each sampled context, in place of its distribution (see `TokenSlope`).
            Gradient descent on one pair a step is the fastest: a few microseconds at the paper's size.
        references: F, W*, W^mm of the data, if already computed; of choice data those of `choice_references`.
        num_records: how many steps are recorded, about equally spaced in log(step); step 0 and the last included.
            None records every step.
        measure: further columns of the trace, from K decoders (K, V, d), or matrices (K, d, d'), to arrays of
            shape (K,) by name.
        tolerance: allowed distance, relative to ‖W‖, from the decoders that real steps would lead to, for method
            "gd" with the exact gradient, no decay and a step below 2/L. None takes all steps up to 10^9 singly,
            and stands for 1e-6 beyond.
        progress: show a progress bar.

    Returns:
        The last decoder and the trace.

    Raises:
        NTPDataError: no token is out of support anywhere, every embedding is zero, or an argument outside its
            range.
        DidNotConvergeError: the weights left the range of float64; or many real steps, or the flow, do not come
            within `tolerance`.
        NotSeparableError: the data have no margin, and steps · η exceeds e^30.
    """
    one_of(method, "method", METHODS)
    constants = valid_constants(
        step_size=step_size, step_decay=step_decay, betas=betas, epsilon=epsilon, momentum=momentum
    )
    setting = setting_of(data)
    exact = method == "gd" and batch_size is None and constants["step_decay"] == 0 and setting.follows_flow
    if tolerance is not None:
        tolerance = _valid_tolerance(tolerance, exact)
    steps, num_records = valid_schedule(steps, num_records, most=MOST_FLOW_STEPS if exact else MOST_STEPS)
    seed = whole_number(seed, "seed")
    draws = {"batch_size": batch_size, "sample_tokens": sample_tokens, "seed": seed}
    with threads_for(setting.multiplications):
        W = setting.start(W0, seed)
        follows = steps > (MOST_STEPS if tolerance is None else STEPS_OF_A_SECOND)
        follows = follows and setting.follows_flow
        references = setting.references(references, long=follows)
        real = min(steps, LAST_LOOK) if follows else steps
        walk = setting.walk(method, constants, steps=real, num_records=num_records, **draws)
        trace = setting.recorder(references, measure)
        with tqdm(total=steps, desc=method, unit="step", disable=not progress) as bar:
            run = RealSteps(walk, W, recorded_steps(steps, num_records), trace.record, name=method, bar=bar)
            if follows:
                assert isinstance(trace, Trace)
                assert isinstance(references, Limits)
                size, allowed = constants["step_size"], tolerance or USUAL_TOLERANCE
                W, long = follow_flow(run, trace, references, step_size=size, tolerance=allowed)
            else:
                W, long = run.to(steps), None
        return Trajectory(ArrayKind.of(W0).convert(W), trace.frame(), references, long)


def _valid_tolerance(tolerance: Any, exact: bool) -> float:
    if not exact:
        raise NTPDataError(
            f"tolerance is {tolerance!r}; only gradient descent, method 'gd', with the exact gradient and steps "
            "of one size follows a flow, on next-token data: other runs take all their steps, and tolerance must "
            "be None"
        )
    return real_number(tolerance, "tolerance", least=LEAST_TOLERANCE, most=1e-2)


def valid_schedule(steps: Any, num_records: Any, *, most: int = MOST_STEPS) -> tuple[int, int | None]:
    """Check how many steps are taken, at most `most`, and recorded.

    Raises:
        NTPDataError: no whole numbers, or more than a run or its trace can hold.
    """
    steps = whole_number(steps, "steps", least=1, most=most)
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
    spaced = np.rint(10.0 ** np.linspace(0.0, np.log10(steps), num_records)[:-1]).astype(int).tolist()
    # Past 2^53 not every whole number is a float.
    return [0, *(step for step in dict.fromkeys(spaced) if step < steps), steps]
