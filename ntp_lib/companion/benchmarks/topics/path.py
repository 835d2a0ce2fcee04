"""The regularisation path over many decades of the penalty, and how its time grows with V·d."""

from __future__ import annotations

from typing import Any

import numpy as np

import ntp_lib as ntp
from ntp_lib.companion.benchmarks.cases import Answer, Case, Contender
from ntp_lib.companion.benchmarks.judges import ReportingJudge
from ntp_lib.companion.benchmarks.records import Requirement, Target, Value
from ntp_lib.data.ntp_data import NTPData

SERIES = (10, 20, 40, 80)
STATIONARY = (Requirement("residual", "at most", 1e-9),)


class Path:
    """`regularization_path` as a user calls it, references included."""

    def __init__(self, decades: int, per_decade: int) -> None:
        self.penalties = np.logspace(0, -decades, decades * per_decade + 1)

    def __call__(self, problem: NTPData, setting: str, limit: float) -> Answer:
        """The largest relative residual ‖∇CE(W) + λW‖ / (λ‖W‖) on the path."""
        path = ntp.regularization_path(problem, penalties=self.penalties.tolist())
        return Answer({"residual": float(path.frame["residual"].max())}, notes={"points": len(self.penalties)})


def cases(smoke: bool) -> list[Case]:
    """Twelve decades on the paper's setting; then six, ever more tokens."""
    if smoke:
        return [_case("path/smoke", (6, 8, 5, 2), Path(2, 1), {"series": "V·d", "size": 40})]
    paper = _case("path/paper", (50, 60, 10, 6), Path(12, 4), {}, Target("seconds", 3.0))
    growth = [
        _case(f"path/V-{V}", (50, 60, V, 6), Path(6, 1), {"series": "V·d", "size": 60 * V}, isolated=True)
        for V in SERIES
    ]
    return [paper, *growth]


def _case(
    case_id: str,
    sizes: tuple[int, int, int, int],
    path: Path,
    series: dict[str, Value],
    *targets: Target,
    isolated: bool = False,
) -> Case:
    m, d, V, S = sizes
    return Case(
        id=case_id,
        title=f"path, {len(path.penalties)} points down to {path.penalties[-1]:.0e}, ({m}, {d}, {V}, {S})",
        parameters={"m": m, "d": d, "V": V, "S": S, **series},
        problem=lambda repeat: _problem(sizes),
        judge=lambda repeat: ReportingJudge(),
        contenders=(Contender("ntp_lib", path, ours=True, isolated=isolated),),
        requirements=STATIONARY,
        targets=targets,
    )


def _problem(sizes: tuple[int, int, int, int]) -> Any:
    m, d, V, S = sizes
    return ntp.synthetic.random(num_contexts=m, dim=d, vocab_size=V, support_size=S)
