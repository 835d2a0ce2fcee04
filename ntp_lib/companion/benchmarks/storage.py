"""A report as JSON: written whole or not at all, read strictly."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from ntp_lib.companion.benchmarks.records import SCHEMA, BenchmarkReport, CaseResult, Conditions
from ntp_lib.companion.benchmarks.soundness import problems
from ntp_lib.companion.reproduction import records

REMEDY = "measure again with: make bench"


def save_report(report: BenchmarkReport, path: Path) -> None:
    """Write a report; whoever reads the path finds the earlier file or the whole new one."""
    cases = [asdict(case) for case in report.cases.values()]
    records.write_json({"schema": SCHEMA, **asdict(report), "cases": cases}, path)


def load_report(path: Path) -> BenchmarkReport:
    """Read a report.

    Raises:
        ReproductionError: there is no file, or it is no report of this schema; the message names the field and
            says what to do.
    """
    found = records.load_report(
        _Written,
        path,
        schema=SCHEMA,
        name="benchmark report",
        problems=lambda report: problems(report.conditions, (report.started, report.finished), report.cases),
        remedy=REMEDY,
    )
    cases = {case.id: case for case in found.cases}
    return BenchmarkReport(found.conditions, found.command, found.started, found.finished, cases)


@dataclass(frozen=True)
class _Written:
    """The fields of the file."""

    conditions: Conditions
    command: str
    started: str
    finished: str
    cases: tuple[CaseResult, ...]
