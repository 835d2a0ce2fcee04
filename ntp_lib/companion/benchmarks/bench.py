"""One run of the benchmarks: what is finished is kept, case by case, until the report is whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tqdm import tqdm

from ntp_lib.companion.benchmarks.attempts import warm_up
from ntp_lib.companion.benchmarks.cases import Case
from ntp_lib.companion.benchmarks.machine import code_digest, describe_machine, versions
from ntp_lib.companion.benchmarks.measuring import Effort, measure_case
from ntp_lib.companion.benchmarks.records import BenchmarkReport, CaseResult, Conditions
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
    smoke = report.conditions.mode == "smoke"
    return [case.id for topic in TOPICS.values() for case in topic.cases(smoke) if case.id not in report.cases]


def conditions_of(effort: Effort) -> Conditions:
    """The conditions under which this process would measure."""
    return Conditions(
        mode="smoke" if effort.smoke else "full",
        machine=describe_machine(),
        versions=versions(),
        code=code_digest(),
        repeats=effort.repeats,
        peer_limit=effort.peer_limit,
        budget=effort.budget,
    )


def run_benchmarks(
    effort: Effort,
    *,
    topics: Sequence[str],
    working: Path,
    command: str,
    fresh: bool = False,
    say: Callable[[str], object] = print,
) -> BenchmarkReport:
    """Measure the cases of some topics that the working file does not hold yet.

    Args:
        effort: repeats and limits.
        topics: names of topics.
        working: where the report lies while it grows; saved whole after every case.
        command: as recorded.
        fresh: measure again what is there.
        say: told why an earlier working file is of no use.

    Returns:
        The report, with the cases of other topics measured earlier under the same conditions.
    """
    report = _earlier(conditions_of(effort), working, command, say)
    chosen = [case for topic in topics for case in TOPICS[topic].cases(effort.smoke)]
    if fresh:
        dropped = {case.id for case in chosen}
        kept = {name: case for name, case in report.cases.items() if name not in dropped}
        report = BenchmarkReport(report.conditions, command, _now(), report.finished, kept)
    due = [case for case in chosen if case.id not in report.cases]
    warm: set[str] = set()
    with tqdm(total=len(chosen), initial=len(chosen) - len(due), unit="case") as bar:
        for case in due:
            bar.set_description(case.id)
            report = report.with_case(_measured(case, effort, warm), _now())
            save_report(report, working)
            bar.update()
    return report


def _measured(case: Case, effort: Effort, warm: set[str]) -> CaseResult:
    if not effort.smoke and case.topic not in warm:
        warm_up(case.topic)
        warm.add(case.topic)
    return measure_case(case, effort)


def _earlier(conditions: Conditions, working: Path, command: str, say: Callable[[str], object]) -> BenchmarkReport:
    empty = BenchmarkReport(conditions, command, _now(), _now(), {})
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
