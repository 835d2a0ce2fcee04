"""Training a decoder and measuring it at logarithmically spaced steps (paper, Thm 2, Figs 1, 4, 5)."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from tqdm import tqdm

from ntp_lib.data.arrays import ArrayKind
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.results import copied, result
from ntp_lib.data.threads import small_problems_on_one_thread
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.loss.sampled import SampledSlope
from ntp_lib.loss.slope import Slope
from ntp_lib.references.bundle import References, references_of
from ntp_lib.trajectories.initialisation import lecun
from ntp_lib.trajectories.methods import METHODS, make_step
from ntp_lib.trajectories.optimisers import Step
from ntp_lib.trajectories.trace import Measure, Trace

Floats = npt.NDArray[np.float64]

STEPS_BETWEEN_LOOKS = 100


@result
class Trajectory:
    """Outcome of `train`.

    Attributes:
        W: the last decoder, (V, d), of the kind of W0.
        frame: one row per recorded step: step and the columns of `measure_all`.
        references: what it was measured against.
    """

    W: Any = field(repr=False)
    frame: pd.DataFrame = copied()
    references: References = field(repr=False)


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
    references: References | None = None,
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
        step_decay: p in η_k = η / k^p, k from 1.
        betas: Adam's decay rates.
        epsilon: Adam's stability constant.
        momentum: β of "signum", "muon" and "ngd_momentum".
        batch_size: contexts drawn for every step (see `SampledSlope`); None for the exact gradient.
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
    _refuse_bad_arguments(method, step_size, steps, num_records)
    _refuse_bad_constants(betas, epsilon, momentum, step_decay, batch_size)
    data.require_an_embedding()
    W = lecun(data, seed=seed) if W0 is None else data.check_decoder(W0, "W0").copy()
    references = references_of(data, references)
    slope = Slope(data) if batch_size is None else SampledSlope(data, batch_size=batch_size, seed=seed)
    advance = make_step(
        method,
        slope,
        step_size=step_size,
        step_decay=step_decay,
        betas=betas,
        epsilon=epsilon,
        momentum=momentum,
    )
    trace = Trace(references, measure)
    done = 0
    with tqdm(total=steps, desc=method, unit="step", disable=not progress) as bar:
        for target in recorded_steps(steps, num_records):
            W = _advance(advance, W, done, target, method)
            bar.update(target - done)
            done = target
            trace.record(done, W)
    return Trajectory(ArrayKind.of(W0).convert(W), trace.frame(), references)


def _advance(advance: Step, W: Floats, done: int, target: int, method: str) -> Floats:
    # An entry that is not finite stays so: looking at the weights now and then misses nothing. ‖W‖² is looked at,
    # because no measurement can be taken where it overflows.
    for start in range(done, target, STEPS_BETWEEN_LOOKS):
        for _ in range(min(STEPS_BETWEEN_LOOKS, target - start)):
            W = advance(W)
        if not np.isfinite(np.vdot(W, W)):
            raise DidNotConvergeError(f"{method} left the range of float64 before step {target}; lower step_size")
    return W


def recorded_steps(steps: int, num_records: int | None) -> list[int]:
    """0 and about `num_records` distinct steps up to `steps`, evenly spaced in log(step); every step for None."""
    if num_records is None:
        return list(range(steps + 1))
    spaced = np.unique(np.rint(np.geomspace(1, steps, num_records)).astype(int))
    return [0, *spaced.tolist()]


def _refuse_bad_arguments(method: str, step_size: float, steps: int, num_records: int | None) -> None:
    if method not in METHODS:
        raise NTPDataError(f"unknown method {method!r}; valid: {', '.join(METHODS)}")
    if not (np.isfinite(step_size) and step_size > 0):
        raise NTPDataError(f"step_size is {step_size}; it must be finite and positive")
    records = 2 if num_records is None else num_records
    if steps != int(steps) or records != int(records) or steps < 1 or records < 2:
        raise NTPDataError(
            f"steps is {steps} and num_records {num_records}; they must be whole numbers of at least 1 and 2"
        )


def _refuse_bad_constants(
    betas: tuple[float, float], epsilon: float, momentum: float, step_decay: float, batch_size: int | None
) -> None:
    if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
        raise NTPDataError(f"betas are {betas}; they must be two numbers in [0, 1)")
    if not (np.isfinite(epsilon) and epsilon >= 0):
        raise NTPDataError(f"epsilon is {epsilon}; it must be finite and not negative")
    if not 0 <= momentum < 1:
        raise NTPDataError(f"momentum is {momentum}; it must be a number in [0, 1)")
    if not 0 <= step_decay <= 1:
        raise NTPDataError(
            f"step_decay is {step_decay}; it must lie in [0, 1], beyond which steps have a finite sum"
        )
    if batch_size is not None and (batch_size != int(batch_size) or batch_size < 1):
        raise NTPDataError(f"batch_size is {batch_size}; it must be None or a whole number of at least 1")
