"""The regularisation path over six decades of the penalty, and how its time grows with V·d."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import ntp_lib as ntp
from ntp_lib.companion.benchmarks.cases import Answer, Case, Contender
from ntp_lib.companion.benchmarks.judges import PathJudge
from ntp_lib.companion.benchmarks.peers.scikit import path_contender
from ntp_lib.companion.benchmarks.records import OURS, Requirement, Target
from ntp_lib.companion.benchmarks.topics.random_data import PAPER, SMALL, Sizes, random_case, references
from ntp_lib.data.ntp_data import NTPData

STATIONARY = (Requirement("residual", "at most", 1e-7),)
ALONG_V: dict[int, tuple[Target, ...]] = {
    **dict.fromkeys((10, 20, 40), ()),
    80: (Target("seconds", 0.5), Target("exponent", 1.2)),
}


def cases(smoke: bool) -> list[Case]:
    """The paper's setting, ever more tokens, and 10 000 unknowns."""
    if smoke:
        return [_case("path/V", SMALL, 3, series=("V·d", 40), alone=False)]
    along = [
        _case("path/V", (50, 60, V, 6), 7, *targets, series=("V·d", 60 * V)) for V, targets in ALONG_V.items()
    ]
    large = _case("path/large", (200, 240, 50, 6), 7, Target("seconds", 3.0))
    return [_case("path/paper", PAPER, 25, alone=False), *along, large]


def _case(name: str, sizes: Sizes, points: int, *targets: Target, series: Any = None, alone: bool = True) -> Case:
    penalties = np.logspace(0, -6, points).tolist()

    def solve(problem: NTPData, setting: str, limit: float) -> Answer:
        path = ntp.regularization_path(problem, penalties=penalties, references=references(sizes))
        return Answer([path.W(i) for i in range(points)])

    mine = Contender(OURS, solve, ours=True, isolated=alone, limit=60.0)
    everybody = (mine, path_contender(penalties, isolated=alone))
    judge, title = partial(PathJudge, penalties), f"path, {points} points to 1e-6,"
    return random_case(name, title, sizes, judge, STATIONARY, everybody, *targets, limits=True, series=series)
