"""Gradient descent against a compiled loop, for more steps than any loop takes, and the flow against diffrax."""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import Any

import numpy as np

import ntp_lib as ntp
from ntp_lib.companion.benchmarks.cases import Answer, Case, Contender, Judge
from ntp_lib.companion.benchmarks.judges import AgreementJudge, descend
from ntp_lib.companion.benchmarks.peers.jax_loops import flow_contender, scan_contender
from ntp_lib.companion.benchmarks.records import OURS, Requirement, Target
from ntp_lib.companion.benchmarks.topics.random_data import (
    PAPER,
    SMALL,
    Sizes,
    random_case,
    random_problem,
    references,
)
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.trajectories.gram_descent import load_compiled_loop

FEW = (8, 10, 5, 2)
STEP_SIZES = {"gd": 0.5, "ngd": 0.01}
# Normalised steps amplify rounding once the gradient is small; until then the answers can be compared.
STEPS = {"gd": 4000, "ngd": 500}
# The same formula in another order of operations; descent below 2/L does not amplify rounding.
SAME = (Requirement("difference", "at most", 1e-8),)
# As many steps as a loop can still take, and as many as none can.
MANY, COUNTLESS, TOLERANCE = 10**6, 10**12, 1e-7
# Descent with steps halved twice, extrapolated to none, stands for the flow up to the third order of the step.
FLOWING = (Requirement("difference", "at most", 1e-5),)
# Sizes, logarithm of the last time, steps of descent at whose end the flow is compared, and what was hoped for.
FLOWS: tuple[tuple[Sizes, float, int, tuple[Target, ...]], ...] = (
    (PAPER, 20.0, 10_000, (Target("ratio", 1.0),)),
    (PAPER, 100_000.0, 10_000, ()),
    ((100, 120, 20, 6), 20.0, 1_000, (Target("seconds", 5.0),)),
    ((200, 240, 50, 6), 20.0, 1_000, (Target("seconds", 25.0),)),
)


def cases(smoke: bool) -> list[Case]:
    """Both methods with few records and with many beside a compiled loop; then 10⁶ and 10¹² steps."""
    if smoke:
        return [*(_loop(SMALL, method, 100) for method in STEPS), _many(SMALL, 1000)]
    load_compiled_loop()  # JAX compiles before the clock starts too
    loops, many = (_loop(PAPER, *found) for found in STEPS.items()), _many(FEW, MANY, tolerance=TOLERANCE)
    countless = Contender(OURS, partial(_estimated, PAPER), ours=True, limit=60.0)
    estimated = (Requirement("estimate", "at most", TOLERANCE),)
    case = partial(random_case, "training/countless", "gd, 10¹² steps,", PAPER, Judge, estimated, limits=True)
    return [*loops, many, case((countless,), Target("seconds", 1.0))]


def flow_cases(smoke: bool) -> list[Case]:
    """The paper's setting to e²⁰ beside diffrax and to e^100000 alone, and larger ones to e²⁰."""
    found = []
    for sizes, last, stretch, targets in ((SMALL, 20.0, 2000, (Target("ratio", 1e-9),)),) if smoke else FLOWS:
        log_times = [math.log(STEP_SIZES["gd"] * stretch), last]
        peers = (flow_contender(log_times),) if targets and targets[0].kind == "ratio" else ()
        mine = Contender(OURS, partial(_flowed, sizes, log_times), ours=True, limit=60.0)
        judge = partial(AgreementJudge, partial(_extrapolated, sizes, stretch))
        name, title = f"flow/e{last:g}", f"gradient flow to t = exp({last:g}),"
        found.append(random_case(name, title, sizes, judge, FLOWING, (mine, *peers), *targets, limits=True))
    return found


def _loop(sizes: Sizes, method: str, steps: int) -> Case:
    peer = scan_contender(STEP_SIZES[method], steps, normalised=method == "ngd")
    mine = Contender(OURS, partial(_trained, sizes, method, steps, 2), ours=True)
    recorded = Contender(f"{OURS}, 100 records", partial(_trained, sizes, method, steps, 100))
    return _descent(sizes, method, steps, SAME, (mine, recorded, peer), Target("ratio", 1.5, (peer.name,)))


def _many(sizes: Sizes, steps: int, **more: Any) -> Case:
    mine = Contender(OURS, partial(_trained, sizes, "gd", steps, 2, **more), ours=True, limit=60.0)
    agree = (Requirement("difference", "at most", TOLERANCE),)
    return _descent(sizes, "gd", steps, agree, (mine, scan_contender(STEP_SIZES["gd"], steps)))


def _descent(
    sizes: Sizes, method: str, steps: int, required: tuple[Requirement, ...], everybody: Any, *targets: Target
) -> Case:
    judge = partial(AgreementJudge, partial(_descended, sizes, method, steps))
    name, title = f"training/{method}-{steps}", f"{method}, {steps} steps,"
    return random_case(name, title, sizes, judge, required, everybody, *targets, limits=True)


def _run(problem: NTPData, sizes: Sizes, method: str, steps: int, records: int, **more: Any) -> Any:
    """`train` as a user calls it with references computed before, from zero."""
    start = np.zeros((problem.vocab_size, problem.dim))
    given: dict[str, Any] = {
        "references": references(sizes),
        "num_records": records,
        "step_size": STEP_SIZES[method],
    }
    return ntp.train(problem, method=method, steps=steps, W0=start, **given, **more)


def _trained(
    sizes: Sizes, method: str, steps: int, records: int, problem: NTPData, setting: str, limit: float, **more: Any
) -> Answer:
    return Answer(_run(problem, sizes, method, steps, records, **more).W)


def _estimated(sizes: Sizes, problem: NTPData, setting: str, limit: float) -> Answer:
    """No loop checks so many steps: the error is the library's own estimate, which the million above tries."""
    found = _run(problem, sizes, "gd", COUNTLESS, 2, tolerance=TOLERANCE)
    return Answer({"estimate": float(found.long.error)})


def _flowed(sizes: Sizes, log_times: list[float], problem: NTPData, setting: str, limit: float) -> Answer:
    """W at the earlier of the two times; the later one is what takes the time."""
    start = np.zeros((problem.vocab_size, problem.dim))
    flow = ntp.gradient_flow(problem, log_times=log_times, W0=start, references=references(sizes))
    return Answer(flow.W(0))


@lru_cache(maxsize=3)
def _descended(sizes: Sizes, method: str, steps: int, part: int = 1) -> Any:
    problem, size = random_problem(sizes, 0), STEP_SIZES[method] / part
    return descend(problem, step_size=size, steps=steps * part, normalised=method == "ngd")


def _extrapolated(sizes: Sizes, steps: int) -> Any:
    return sum(
        weight * _descended(sizes, "gd", steps, part) for weight, part in ((1 / 3, 1), (-2.0, 2), (8 / 3, 4))
    )
