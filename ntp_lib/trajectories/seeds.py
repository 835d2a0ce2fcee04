"""Training from several starts at once: in the coordinates of the contexts a step of all is one product."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from tqdm import tqdm

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.threads import small_problems_on_one_thread
from ntp_lib.errors import NTPDataError
from ntp_lib.limiting.limits import Limits
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import one_of, whole_number
from ntp_lib.trajectories.gram_descent import METHODS as GRAM_METHODS
from ntp_lib.trajectories.gram_descent import GramDescent
from ntp_lib.trajectories.initialisation import lecun
from ntp_lib.trajectories.magnitudes import limits_in_range
from ntp_lib.trajectories.optimisers import METHODS
from ntp_lib.trajectories.real_steps import RealSteps, walk_of
from ntp_lib.trajectories.trace import Measure, Trace
from ntp_lib.trajectories.training import (
    MOST_FLOW_STEPS,
    MOST_STEPS,
    Trajectory,
    recorded_steps,
    train,
    valid_constants,
    valid_schedule,
)

# Steps of a stack are products of more rows; beyond a cache of this many entries they gain nothing.
STACKED_ENTRIES = 2**18


@small_problems_on_one_thread
def train_seeds(
    data: NTPData,
    *,
    seeds: Iterable[int],
    method: str = "gd",
    step_size: float = 0.5,
    steps: int = 10_000,
    step_decay: float = 0.0,
    references: Limits | None = None,
    num_records: int | None = 100,
    measure: Measure | None = None,
    progress: bool = False,
    **options: Any,
) -> tuple[Trajectory, ...]:
    """Train from the initialisation of every seed; each is the run that `train` makes with that seed, to rounding.

    The limits are computed once. Gradient descent and normalised gradient descent with m ≤ d take the steps of all
    seeds together, which is up to four times faster at the paper's size; other runs follow one another.

    Args:
        data: the problem.
        seeds: at least one.
        method: see `train`, as for all that follow.
        step_size: η.
        steps: number of steps.
        step_decay: p in η_k = η / k^p.
        references: F, W*, W^mm of the data, if already computed.
        num_records: how many steps are recorded.
        measure: further columns of every trace.
        progress: show a progress bar.
        **options: further arguments of `train`, but for W0 and seed.

    Returns:
        One trajectory for each seed, in order.

    Raises:
        NTPDataError: no seed, or what `train` refuses.
        DidNotConvergeError: the weights of one of them left the range of float64.
    """
    found = _valid_seeds(seeds)
    common: dict[str, Any] = {
        "method": method,
        "step_size": step_size,
        "steps": steps,
        "step_decay": step_decay,
        "num_records": num_records,
        "measure": measure,
        "progress": progress,
    }
    if {"W0", "seed"} & set(options):
        raise NTPDataError("W0 and seed: every run starts at the initialisation of its own seed, one of seeds")
    data.require_an_embedding()
    references = limits_in_range(data, references)
    one_of(method, "method", METHODS)
    if not options and method in GRAM_METHODS and len(found) > 1:
        together = _together(data, found, references, common)
        if together is not None:
            return together
    return tuple(train(data, seed=seed, references=references, **common, **options) for seed in found)


def _valid_seeds(seeds: Any) -> list[int]:
    try:
        found = [whole_number(seed, f"seeds[{i}]") for i, seed in enumerate(seeds)]
    except TypeError:
        raise NTPDataError(f"seeds is {seeds!r}; a sequence of whole numbers is needed") from None
    if not found:
        raise NTPDataError("seeds is empty; a sequence of at least one whole number is needed")
    return found


def _together(
    data: NTPData, seeds: list[int], references: Limits, common: dict[str, Any]
) -> tuple[Trajectory, ...] | None:
    """All runs as one; None where they are no faster so."""
    method, measure = common["method"], common["measure"]
    constants = valid_constants(
        step_size=common["step_size"],
        step_decay=common["step_decay"],
        betas=(0.9, 0.99),
        epsilon=0,
        momentum=0,
    )
    steps, num_records = valid_schedule(common["steps"], common["num_records"], most=MOST_FLOW_STEPS)
    if steps > MOST_STEPS or len(seeds) * data.num_contexts * data.vocab_size > STACKED_ENTRIES:
        return None
    walk = walk_of(data, method, constants, steps=steps, num_records=num_records)
    if not isinstance(walk, GramDescent):
        return None
    traces = [Trace(references, measure) for _ in seeds]

    def record(step: int, decoders: Floats) -> None:
        for trace, W in zip(traces, decoders, strict=True):
            trace.record(step, W)

    starts = np.array([lecun(data, seed=seed) for seed in seeds])
    with tqdm(total=steps, desc=method, unit="step", disable=not common["progress"]) as bar:
        run = RealSteps(walk, starts, recorded_steps(steps, num_records), record, name=method, bar=bar)
        decoders = run.to(steps)
    return tuple(Trajectory(W, trace.frame(), references) for W, trace in zip(decoders, traces, strict=True))
