"""The NTP-SVM against general solvers: the instances whose targets were fixed beforehand."""

from __future__ import annotations

from functools import partial

import ntp_lib as ntp
from ntp_lib.companion.benchmarks.cases import Answer, Case, Contender
from ntp_lib.companion.benchmarks.judges import MATCHED_SVM, SVMJudge
from ntp_lib.companion.benchmarks.peers.cvxpy_model import LEVELS, PRINTED, cvxpy_contenders
from ntp_lib.companion.benchmarks.records import Target
from ntp_lib.data.language_reference import load_language_reference
from ntp_lib.data.ntp_data import NTPData

# (m, d, V, |S|), the ratio asked for, and whether the peers need a process that can be killed.
AGAINST_PEERS = (
    ((50, 60, 10, 6), Target("ratio", 20.0), False),
    ((100, 120, 20, 6), Target("ratio", 200.0), False),
    ((200, 240, 50, 6), Target("ratio", 1000.0), True),
    ((80, 30, 20, 3), Target("ratio", 1.0, ("Clarabel", "Clarabel, as printed")), False),
)
LARGE = (1000, 1200, 200, 8)
SMALL = (6, 8, 5, 2)
TEXT = {"tokens": 3000, "V": 300, "context length": 2, "d": 256}


def solve_ours(problem: NTPData, setting: str, limit: float) -> Answer:
    """`ntp_svm` as a user calls it; all it does, polish included, is timed."""
    solution = ntp.ntp_svm(problem)
    return Answer(
        (solution.W, solution.dual), notes={"solver": solution.solver, "iterations": solution.iterations}
    )


def ours(*, isolated: bool = False) -> Contender:
    """This library's NTP-SVM."""
    return Contender("ntp_lib", solve_ours, ours=True, isolated=isolated)


def random_problem(sizes: tuple[int, int, int, int], seed: int) -> NTPData:
    """`synthetic.random` by sizes (m, d, V, |S|), with as many sequences as they need at least."""
    m, d, V, S = sizes
    return ntp.synthetic.random(
        num_contexts=m, dim=d, vocab_size=V, support_size=S, num_sequences=max(5000, 10 * m * S), seed=seed
    )


def svm_case(
    case_id: str, sizes: tuple[int, int, int, int], contenders: tuple[Contender, ...], *targets: Target
) -> Case:
    """One random instance, the same in every repeat."""
    m, d, V, S = sizes
    return Case(
        id=case_id,
        title=f"NTP-SVM ({m}, {d}, {V}, {S})",
        parameters={"m": m, "d": d, "V": V, "S": S},
        problem=lambda repeat: random_problem(sizes, 0),
        judge=lambda repeat: SVMJudge(),
        contenders=contenders,
        requirements=MATCHED_SVM,
        targets=targets,
    )


def cases(smoke: bool) -> list[Case]:
    """The instances against peers, then two that no general solver is asked to hold."""
    if smoke:
        peers = cvxpy_contenders(LEVELS) + cvxpy_contenders(PRINTED)
        return [
            svm_case("svm/smoke", SMALL, (ours(), *peers), Target("ratio", 1.0)),
            _isolated_smoke(),
            _text(200, 20, 128),
        ]
    found = []
    for sizes, target, heavy in AGAINST_PEERS:
        peers = cvxpy_contenders(LEVELS, isolated=heavy) + cvxpy_contenders(PRINTED, isolated=heavy)
        found.append(svm_case(f"svm/{'-'.join(map(str, sizes))}", sizes, (ours(), *peers), target))
    large = svm_case(f"svm/{'-'.join(map(str, LARGE))}", LARGE, (ours(isolated=True),), Target("seconds", 4.0))
    text = _text(TEXT["tokens"], TEXT["V"], TEXT["d"], Target("seconds", 8.0), isolated=True)
    return [*found, large, text]


def _isolated_smoke() -> Case:
    return svm_case("svm/smoke-isolated", SMALL, (ours(isolated=True),), Target("seconds", 60.0))


def _text(tokens: int, vocab_size: int, dim: int, *targets: Target, isolated: bool = False) -> Case:
    return Case(
        id="svm/text",
        title=f"NTP-SVM, Python language reference, {tokens} tokens",
        parameters={"tokens": tokens, "V": vocab_size, "d": dim, "context length": 2},
        problem=lambda repeat: _text_problem(tokens, vocab_size, dim),
        judge=lambda repeat: SVMJudge(),
        contenders=(ours(isolated=isolated),),
        requirements=MATCHED_SVM,
        targets=targets,
    )


def _text_problem(tokens: int, vocab_size: int, dim: int) -> NTPData:
    words = load_language_reference().tokens[:tokens]
    from_tokens = partial(NTPData.from_tokens, context_length=2, dim=dim, vocab_size=vocab_size, seed=0)
    return from_tokens(words)
