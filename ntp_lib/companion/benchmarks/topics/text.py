"""Verdicts with proof: real text solved and refuted at growing length, and random data that are not separable."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import ntp_lib as ntp
from ntp_lib.companion.benchmarks.cases import Answer, Case, Contender, Judge
from ntp_lib.companion.benchmarks.judges import PROVED, CertificateJudge, SVMJudge, matched_svm
from ntp_lib.companion.benchmarks.peers.programmes import certificate_contender
from ntp_lib.companion.benchmarks.records import OURS, Requirement, Target
from ntp_lib.companion.benchmarks.topics.random_data import Sizes, random_case
from ntp_lib.companion.benchmarks.topics.svm import ours
from ntp_lib.data.language_reference import load_language_reference
from ntp_lib.data.ntp_data import NTPData

# Texts: contexts, tokens of the Python language reference (None for all), words kept (None for all) and dimension.
Text = tuple[int, int | None, int | None, int]
# To be solved, near the least dimension that is separable: the accuracy, the seconds allowed, what was hoped for.
SOLVED: tuple[tuple[Text, float, float, tuple[Target, ...]], ...] = (
    ((1_459, 3_000, 300, 256), 1e-6, 60.0, (Target("products", 500.0), Target("MiB", 512.0))),
    ((5_027, 10_000, 1_000, 1_024), 1e-5, 120.0, ()),
    ((9_231, 20_000, None, 1_536), 1e-5, 300.0, (Target("seconds", 300.0), Target("MiB", 4096.0))),
)
# To be refuted, in dimensions that Cover's count rules out.
REFUTED: tuple[tuple[Text, tuple[Target, ...]], ...] = (
    ((5_459, 10_000, None, 256), ()),
    ((9_231, 20_000, None, 256), ()),
    ((16_308, 40_000, None, 256), ()),
    ((25_934, None, None, 256), (Target("seconds", 1.0), Target("MiB", 1024.0))),
    ((25_934, None, None, 768), (Target("seconds", 5.0),)),
)
# Random data beyond their threshold: a quarter of the products that the search took by a fixed schedule.
NOT_SEPARABLE: tuple[tuple[Sizes, float], ...] = (
    ((96, 60, 10, 5), 1900.0),
    ((156, 60, 2, 1), 3000.0),
    ((200, 60, 20, 3), 600.0),
    ((400, 60, 20, 3), 8000.0),
)


def refute_ours(problem: NTPData, setting: str, limit: float) -> Answer:
    """`separability` as a user calls it."""
    verdict = ntp.separability(problem, time_limit=limit)
    return Answer(verdict.certificate, stopped=verdict.holds is None, notes={"reason": verdict.reason[:200]})


def refuting(*, isolated: bool = True) -> Contender:
    """This library's verdict."""
    return Contender(OURS, refute_ours, ours=True, isolated=isolated, limit=60.0)


def cases(smoke: bool) -> list[Case]:
    """Texts to be solved, texts to be refuted, random data to be refuted."""
    found = []
    for text, accuracy, limit, targets in (((64, 200, 20, 128), 1e-6, 30.0, ()),) if smoke else SOLVED:
        mine = ours(isolated=not smoke, limit=limit)
        found.append(_of_text("solved", text, SVMJudge, mine, matched_svm(accuracy), targets))
    for text, targets in (((339, 400, None, 8), ()),) if smoke else REFUTED:
        found.append(_of_text("refuted", text, CertificateJudge, refuting(isolated=not smoke), PROVED, targets))
    everybody = (refuting(isolated=False), certificate_contender())
    for sizes, bound in (((24, 6, 4, 2), 1e9),) if smoke else NOT_SEPARABLE:
        case = partial(random_case, "text/random", "refuted, random data", sizes, CertificateJudge, PROVED)
        found.append(case(everybody, Target("products", bound), products=True))
    return found


def _of_text(
    verdict: str,
    text: Text,
    judge: Callable[[], Judge],
    mine: Contender,
    requirements: tuple[Requirement, ...],
    targets: tuple[Target, ...],
) -> Case:
    m, tokens, V, d = text
    # A refuted text in another dimension than its series stands alone.
    series: dict[str, Any] = (
        {} if (verdict, d) == ("refuted", 768) else {"series": f"m of the text, {verdict}", "size": m}
    )

    def problem(repeat: int) -> NTPData:
        words = load_language_reference().tokens[:tokens]
        return NTPData.from_tokens(words, context_length=2, dim=d, vocab_size=V, seed=0)

    return Case(
        id=f"text/{verdict}-{m}-{d}",
        title=f"{verdict}, {tokens or 'all'} tokens of text, (m, d) = ({m}, {d})",
        parameters={"m": m, "d": d, "tokens": tokens or "all", "context length": 2, **series},
        problem=problem,
        judge=judge,
        contenders=(mine,),
        requirements=requirements,
        targets=targets,
        products=True,
    )
