"""Gradient flow in logarithmic time against a loop that walks there step by step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import ntp_lib as ntp
from ntp_lib.companion.benchmarks.cases import Answer, Case, Contender
from ntp_lib.companion.benchmarks.judges import AgreementJudge
from ntp_lib.companion.benchmarks.peers.torch_loop import TorchLoop
from ntp_lib.companion.benchmarks.records import Requirement, Target
from ntp_lib.companion.benchmarks.topics.training import descend
from ntp_lib.data.ntp_data import NTPData

STEP = 0.5
# The stretch of gradient descent that is walked, and at whose end flow and descent are compared: t = STEP · steps.
STRETCH = 10_000
SMOKE_STRETCH = 200
# A step of gradient descent is an Euler step of the flow: the two differ by the discretisation, not by rounding.
AGREEMENT = Requirement("difference", "at most", 2e-3)


class Flow:
    """`gradient_flow` from zero to t = eˢ, by way of the time at which it is compared with gradient descent."""

    def __init__(self, log_time: float, stretch: int) -> None:
        self.log_times = [math.log(STEP * stretch), log_time]

    def __call__(self, problem: NTPData, setting: str, limit: float) -> Answer:
        """W at the earlier of the two times; the later one is what takes the time."""
        start = np.zeros((problem.vocab_size, problem.dim))
        flow = ntp.gradient_flow(problem, log_times=self.log_times, W0=start)  # type: ignore[attr-defined,unused-ignore]
        last = flow.frame.iloc[-1]
        return Answer(flow.W(0), notes={"cosine": float(last["cosine"]), "norm": float(last["norm"])})


def cases(smoke: bool) -> list[Case]:
    """The paper's setting up to t = e²⁰, where a loop's time is extrapolated, and up to t = e^100000."""
    stretch = SMOKE_STRETCH if smoke else STRETCH
    name = "smoke" if smoke else "e20"
    walk = TorchLoop(STEP, stretch, threads=1, stands_for=math.exp(20.0) / STEP)
    peer = Contender("torch loop, one thread", walk)
    early = _case(f"flow/{name}", 20.0, stretch, (peer,), Target("seconds", 1.0), Target("ratio", 1e5))
    if smoke:
        return [early]
    return [early, _case("flow/e100000", 100_000.0, stretch, (), Target("seconds", 3.0))]


def _case(case_id: str, log_time: float, stretch: int, peers: tuple[Contender, ...], *targets: Target) -> Case:
    missing = "" if hasattr(ntp, "gradient_flow") else "this version of the library has no gradient_flow"
    return Case(
        id=case_id,
        title=f"gradient flow to t = exp({log_time:g})",
        parameters={"m": 50, "d": 60, "V": 10, "S": 6, "log time": log_time},
        problem=lambda repeat: ntp.synthetic.random(),
        judge=lambda repeat: AgreementJudge(lambda: _descended(stretch)),
        contenders=(Contender("ntp_lib", Flow(log_time, stretch), ours=True, missing=missing), *peers),
        requirements=(AGREEMENT,),
        targets=targets,
    )


def _descended(stretch: int) -> Any:
    return descend(ntp.synthetic.random(), step_size=STEP, steps=stretch)
