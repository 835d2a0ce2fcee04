"""One run of the benchmarks: what is finished is kept, case by case, until the report is whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import threadpoolctl
from tqdm import tqdm

from ntp_lib.companion.benchmarks.attempts import warm_up
from ntp_lib.companion.benchmarks.cases import Case
from ntp_lib.companion.benchmarks.machine import code_digest, describe_machine, versions
from ntp_lib.companion.benchmarks.measuring import measure_case
from ntp_lib.companion.benchmarks.records import BenchmarkReport, Conditions
from ntp_lib.companion.benchmarks.storage import load_report, save_report
from ntp_lib.companion.benchmarks.topics import TOPICS
from ntp_lib.companion.reproduction.errors import ReproductionError, RequestError, unknown


def require_topics(names: Sequence[str]) -> list[str]:
    """The topics named, or all where none is.

    Raises:
        RequestError: one does not exist.
    """
    for name in names:
        if name not in TOPICS:
            raise RequestError(unknown("topic", name, TOPICS))
    return [name for name in TOPICS if name in names or not names]


def missing_cases(report: BenchmarkReport) -> list[str]:
    """Ids of the cases that a whole report of its mode would hold too."""
    there, smoke = {case.id for case in report.cases}, report.conditions.smoke
    return [case.id for topic in TOPICS.values() for case in topic(smoke) if case.id not in there]


def run_benchmarks(
    mode: str,
    repeats: int,
    peer_limit: float,
    budget: float,
    *,
    topics: Sequence[str],
    working: Path,
    command: str,
    fresh: bool = False,
    say: Callable[[str], object] = print,
) -> BenchmarkReport:
    """Measure the cases of some topics that the working file does not hold yet, everything on one thread.

    The working file is saved whole after every case; what it holds of other topics under the same `Conditions` is
    kept, and `say` is told why it is of no use where it is not.
    """
    with threadpoolctl.threadpool_limits(1):
        conditions = Conditions(mode, describe_machine(), versions(), code_digest(), repeats, peer_limit, budget)
        report = _earlier(conditions, working, command, say)
        chosen = [case for topic in topics for case in TOPICS[topic](conditions.smoke)]
        return _measured(report, chosen, working, fresh)


def _measured(report: BenchmarkReport, chosen: Sequence[Case], working: Path, fresh: bool) -> BenchmarkReport:
    if fresh:
        dropped = {case.id for case in chosen}
        kept = tuple(case for case in report.cases if case.id not in dropped)
        report = replace(report, started=_now(), cases=kept)
    there, warm = {case.id for case in report.cases}, set[str]()
    due = [case for case in chosen if case.id not in there]
    with tqdm(total=len(chosen), initial=len(chosen) - len(due), unit="case") as bar:
        for case in due:
            bar.set_description(case.id)
            if not report.conditions.smoke and case.topic not in warm:
                warm_up(case.topic)
                warm.add(case.topic)
            report = report.with_case(measure_case(case, report.conditions), _now())
            save_report(report, working)
            bar.update()
    return report


def _earlier(conditions: Conditions, working: Path, command: str, say: Callable[[str], object]) -> BenchmarkReport:
    empty = BenchmarkReport(conditions, command, _now(), _now(), ())
    if not working.exists():
        return empty
    try:
        earlier = load_report(working)
    except ReproductionError as error:
        say(f"starting afresh: {error}")
        return empty
    if earlier.conditions != conditions:
        say(f"starting afresh: {working.name} is of other code, other settings or another machine")
        return empty
    return earlier


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
