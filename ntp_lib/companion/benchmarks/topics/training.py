"""Steps of gradient descent against a plain torch loop, and the share that the trace takes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

import ntp_lib as ntp
from ntp_lib.companion.benchmarks.cases import Answer, Case, Contender, Solve
from ntp_lib.companion.benchmarks.judges import AgreementJudge
from ntp_lib.companion.benchmarks.peers.torch_loop import torch_contenders
from ntp_lib.companion.benchmarks.records import Requirement, Target
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.limiting.limits import Limits
from ntp_lib.loss.slope import Slope
from ntp_lib.trajectories import optimisers

PAPER = (50, 60, 10, 6)
LARGE = (2000, 1000, 512, 6)
SMALL = (6, 8, 5, 2)
STEP_SIZES = {"gd": 0.5, "ngd": 0.01}
# Normalised steps amplify rounding once the gradient is small; until then the answers can be compared.
STEPS = {"gd": 4000, "ngd": 500}
# The same formula in another order of operations; descent below 2/L does not amplify rounding.
SAME = (Requirement("difference", "at most", 1e-8),)


def cases(smoke: bool) -> list[Case]:
    """Both methods on the paper's setting, traced; both on a large one, steps alone; and the trace's share."""
    steps = dict.fromkeys(STEPS, 100) if smoke else STEPS
    large_steps = 2 if smoke else 10
    traced, large = (SMALL, SMALL) if smoke else (PAPER, LARGE)
    found = []
    for method, count in steps.items():
        found.append(
            _case(
                f"training/{method}-paper",
                traced,
                method,
                count,
                Train(method, traced, count),
                Target("ratio", 5.0),
            )
        )
        steps_alone = StepsAlone(method, large_steps)
        found.append(
            _case(f"training/{method}-large", large, method, large_steps, steps_alone, Target("ratio", 1.0))
        )
    return [*found, _trace_share(traced, steps["gd"])]


class Train:
    """`train` as a user calls it with references computed before, from zero, with a trace of so many records."""

    def __init__(self, method: str, sizes: tuple[int, int, int, int], steps: int, *, records: int = 100) -> None:
        self.method, self.steps, self.records = method, steps, records
        self.sizes = sizes

    def __call__(self, problem: NTPData, setting: str, limit: float) -> Answer:
        """W after the steps."""
        start = np.zeros((problem.vocab_size, problem.dim))
        trained = ntp.train(
            problem,
            method=self.method,
            step_size=STEP_SIZES[self.method],
            steps=self.steps,
            W0=start,
            references=_references(self.sizes),
            num_records=self.records,
        )
        return Answer(trained.W, notes={"steps": self.steps})


class StepsAlone:
    """The library's step, without a trace: the references of a large problem cost more than its training."""

    def __init__(self, method: str, steps: int) -> None:
        self.method, self.steps = method, steps

    def __call__(self, problem: NTPData, setting: str, limit: float) -> Answer:
        """W after the steps."""
        make = optimisers.normalised_gradient_descent if self.method == "ngd" else optimisers.gradient_descent
        advance = make(Slope(problem), step_size=STEP_SIZES[self.method])
        W = np.zeros((problem.vocab_size, problem.dim))
        for _ in range(self.steps):
            W = advance(W)
        return Answer(W, notes={"steps": self.steps})


def descend(data: NTPData, *, step_size: float, steps: int, normalised: bool = False) -> Any:
    """W after steps from zero, in plain NumPy: softmax minus probabilities, nothing of the library's."""
    embeddings, weights = data.embeddings, data.context_probs[:, None]
    probs = data.probs.toarray()
    W = np.zeros((data.vocab_size, data.dim))
    for _ in range(steps):
        logits = embeddings @ W.T
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        slope = ((odds / odds.sum(axis=1, keepdims=True) - probs) * weights).T @ embeddings
        W -= (step_size / np.linalg.norm(slope) if normalised else step_size) * slope
    return W


def _case(
    case_id: str, sizes: tuple[int, int, int, int], method: str, steps: int, ours: Solve, *targets: Target
) -> Case:
    m, d, V, S = sizes
    make = _traced_problem if isinstance(ours, Train) else _problem
    peers = torch_contenders(step_size=STEP_SIZES[method], steps=steps, normalised=method == "ngd")
    return Case(
        id=case_id,
        title=f"{method}, {steps} steps, ({m}, {d}, {V})",
        parameters={"m": m, "d": d, "V": V, "S": S, "steps": steps, "method": method},
        problem=lambda repeat: make(sizes),
        judge=lambda repeat: AgreementJudge(lambda: _expected(sizes, method, steps)),
        contenders=(Contender("ntp_lib", ours, ours=True), *peers),
        requirements=SAME,
        targets=targets,
    )


def _trace_share(sizes: tuple[int, int, int, int], steps: int) -> Case:
    without = "ntp_lib, two records"
    return Case(
        id="training/trace-share",
        title=f"share of the trace in {steps} steps of gd, {sizes[:3]}",
        parameters={"m": sizes[0], "d": sizes[1], "V": sizes[2], "S": sizes[3], "steps": steps, "method": "gd"},
        problem=lambda repeat: _traced_problem(sizes),
        judge=lambda repeat: AgreementJudge(lambda: _expected(sizes, "gd", steps)),
        contenders=(
            Contender("ntp_lib", Train("gd", sizes, steps), ours=True),
            Contender(without, Train("gd", sizes, steps, records=2)),
        ),
        requirements=SAME,
        targets=(Target("share", 0.05, (without,)),),
    )


def _problem(sizes: tuple[int, int, int, int]) -> NTPData:
    m, d, V, S = sizes
    # The paper's setting has 5000 sequences; a large one as many as its pairs need.
    return ntp.synthetic.random(
        num_contexts=m, dim=d, vocab_size=V, support_size=S, num_sequences=max(5000, 2 * m * S)
    )


def _traced_problem(sizes: tuple[int, int, int, int]) -> NTPData:
    """The problem, its references being computed now and not while the clock runs."""
    _references(sizes)
    return _problem(sizes)


@lru_cache(maxsize=1)
def _references(sizes: tuple[int, int, int, int]) -> Limits:
    return ntp.references(_problem(sizes))


@lru_cache(maxsize=2)
def _expected(sizes: tuple[int, int, int, int], method: str, steps: int) -> Any:
    return descend(_problem(sizes), step_size=STEP_SIZES[method], steps=steps, normalised=method == "ngd")
