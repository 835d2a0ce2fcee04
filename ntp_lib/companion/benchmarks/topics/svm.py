"""The NTP-SVM of random data: against general solvers, against scikit-learn, and along its sizes."""

from __future__ import annotations

from typing import Any

import ntp_lib as ntp
from ntp_lib.companion.benchmarks.cases import Answer, Case, Contender
from ntp_lib.companion.benchmarks.judges import MATCHED_SVM, SVMJudge
from ntp_lib.companion.benchmarks.peers.programmes import cvxpy_contenders, qp_contenders
from ntp_lib.companion.benchmarks.peers.scikit import svm_contenders
from ntp_lib.companion.benchmarks.records import OURS, Target
from ntp_lib.companion.benchmarks.topics.random_data import SMALL, Sizes, random_case
from ntp_lib.data.ntp_data import NTPData

# Sizes, the ratios asked for against matrices handed over and against cvxpy models, who takes part in each, and
# whether they need a process of their own that can be ended.
Plan = tuple[Sizes, float, float, tuple[str, ...], tuple[str, ...], bool]
MODELLED = ("SCS", "Clarabel")
CHOSEN = ("SCS", "ProxQP", "OSQP")
EVERYBODY = (*CHOSEN, "PIQP", "DAQP")
AGAINST_PEERS: tuple[Plan, ...] = (
    ((50, 60, 10, 6), 4.0, 10.0, EVERYBODY, (*MODELLED, "OSQP"), False),
    ((100, 120, 20, 6), 35.0, 35.0, EVERYBODY[:-1], MODELLED, True),
    ((200, 240, 50, 6), 150.0, 150.0, CHOSEN, MODELLED[:1], True),
    ((80, 30, 20, 3), 1.0, 1.0, EVERYBODY[:-1], MODELLED, True),
)
SMOKE: tuple[Plan, ...] = ((SMALL, 1.0, 1.0, EVERYBODY, (*MODELLED, "OSQP"), False),)
Everybody = tuple[Contender, ...]
LARGE = (1000, 1200, 200, 8)
ONE_HOT = ((50, 60, 2, 1), (200, 240, 2, 1), (50, 60, 10, 1), (200, 240, 10, 1))
SMALL_ONE_HOT = ((12, 15, 2, 1), (12, 15, 4, 1))
# (m, d, V) along each series; only the size it is named for changes.
SERIES = {
    "m": [(m, 320, 20) for m in (20, 40, 80, 160, 320)],
    "d": [(50, d, 20) for d in (60, 120, 240, 480, 960)],
    "V": [(100, 120, V) for V in (10, 20, 40, 80, 160)],
}
SMALL_SERIES = {"m": [(4, 16, 8), (8, 16, 8)], "V": [(6, 8, 7), (6, 8, 8)]}
# General solvers take part in a series up to this many unknowns m·V·d, where the best of them still takes seconds.
PEER_ENTRIES = 300_000


def solve_ours(problem: NTPData, setting: str, limit: float) -> Answer:
    """`ntp_svm` as a user calls it; all it does, polish included, is timed."""
    solution = ntp.ntp_svm(problem)
    return Answer(
        (solution.W, solution.dual), notes={"solver": solution.solver, "iterations": solution.iterations}
    )


def ours(*, isolated: bool = False, limit: float = 60.0) -> Contender:
    """This library's NTP-SVM."""
    return Contender(OURS, solve_ours, ours=True, isolated=isolated, limit=limit)


def svm_case(
    name: str, sizes: Sizes, everybody: tuple[Contender, ...], *targets: Target, series: Any = None
) -> Case:
    """One random instance to matched accuracy."""
    return random_case(name, "NTP-SVM", sizes, SVMJudge, MATCHED_SVM, everybody, *targets, series=series)


def cases(smoke: bool) -> list[Case]:
    """The instances against peers, and one that no general solver is asked to hold."""
    found = []
    for sizes, bound, modelled_bound, names, modelled_names, heavy in SMOKE if smoke else AGAINST_PEERS:
        direct = qp_contenders(solvers=names, isolated=heavy)
        modelled = cvxpy_contenders(modelled_names, isolated=heavy)
        groups = ((bound, direct), (modelled_bound, modelled))
        targets = [Target("ratio", least, tuple(peer.name for peer in peers)) for least, peers in groups]
        found.append(svm_case("svm/ntp-svm", sizes, (ours(), *direct, *modelled), *targets))
    alone = svm_case(
        "svm/ntp-svm", (4, 5, 4, 2) if smoke else LARGE, (ours(isolated=True),), Target("MiB", 1024.0)
    )
    return [*found, alone]


def one_hot(smoke: bool) -> list[Case]:
    """scikit-learn where its problem is the NTP-SVM: for two tokens and for ten."""
    found = []
    for sizes in SMALL_ONE_HOT if smoke else ONE_HOT:
        special = svm_contenders(sizes[2])
        target = Target("ratio", 1.4, tuple(peer.name for peer in special))
        heavy = sizes[0] > 100
        general = qp_contenders(("dual",), CHOSEN[:2] if heavy else CHOSEN, isolated=heavy)
        found.append(svm_case("one-hot/ntp-svm", sizes, (ours(), *special, *general), target))
    return found


def growth(smoke: bool) -> list[Case]:
    """One case per size; every repeat has data of its own seed, the same for all contenders."""
    found = []
    for series, all_sizes in (SMALL_SERIES if smoke else SERIES).items():
        for m, d, V in all_sizes:
            size = {"m": m, "d": d, "V": V}[series]
            peers = qp_contenders(("dual",), CHOSEN) if m * d * V <= PEER_ENTRIES else ()
            found.append(svm_case(f"growth/{series}", (m, d, V, 6), (ours(), *peers), series=(series, size)))
    return found
