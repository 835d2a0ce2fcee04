"""How the time for the NTP-SVM grows with the number of contexts, the dimension and the vocabulary."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ntp_lib.companion.benchmarks.cases import Case
from ntp_lib.companion.benchmarks.peers.cvxpy_model import cvxpy_contenders
from ntp_lib.companion.benchmarks.topics.svm import ours, random_problem, svm_case

SUPPORT = 6
# (m, d, V) along each series; only the size it is named for changes.
SERIES = {
    "m": [(m, 320, 20) for m in (20, 40, 80, 160, 320)],
    "d": [(50, d, 20) for d in (60, 120, 240, 480, 960)],
    "V": [(100, 120, V) for V in (10, 20, 40, 80, 160)],
}
SMOKE = {"m": [(m, 16, 8) for m in (4, 8)], "d": [(6, d, 8) for d in (8, 16)], "V": [(6, 8, V) for V in (7, 8)]}
# General solvers take part up to this many unknowns m·V·d, where the best of them still takes seconds.
PEER_ENTRIES = 300_000


def cases(smoke: bool) -> list[Case]:
    """One case per size; every repeat has data of its own seed, the same for all contenders."""
    found = []
    for series, sizes in (SMOKE if smoke else SERIES).items():
        for m, d, V in sizes:
            size = {"m": m, "d": d, "V": V}[series]
            peers = cvxpy_contenders() if m * d * V <= PEER_ENTRIES else ()
            case = svm_case(f"growth/{series}-{size}", (m, d, V, SUPPORT), (ours(), *peers))
            problem = partial(random_problem, (m, d, V, SUPPORT))
            found.append(
                replace(case, parameters={**case.parameters, "series": series, "size": size}, problem=problem)
            )
    return found
