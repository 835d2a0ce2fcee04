"""The report over seeds as JSON: written whole or not at all, read strictly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.records import as_record, read_report, write_json
from ntp_lib.companion.reproduction.robustness import RobustnessReport

SCHEMA = "ntp-robustness-1"


def save_robustness(report: RobustnessReport, path: Path) -> None:
    """Writes a report; whoever reads the path finds the earlier file or the whole new one."""
    write_json({"schema": SCHEMA, **asdict(report)}, path)


def load_robustness(path: Path) -> RobustnessReport:
    """Reads a report.

    Raises:
        ReproductionError: There is no file, or it is no report of this schema; the message names the field and
            says what to do.
    """
    where = f"{path.name}: not a readable report over seeds"
    try:
        report = as_record(RobustnessReport, read_report(path, SCHEMA, where), where)
        for problem in _problems(report):
            raise ReproductionError(f"{where}: {problem}")
        return report
    except ReproductionError as error:
        raise ReproductionError(f"{error}; make it again with: ntp robustness") from error


def _problems(report: RobustnessReport) -> Iterator[str]:
    if not report.seeds:
        yield "seeds is empty; valid: a list of whole numbers"
    for check in report.checks:
        seeds = [result.seed for result in check.results]
        if len(set(seeds)) < len(seeds) or not set(seeds) <= set(report.seeds):
            yield f"check {check.name} has results at seeds {seeds}, the report is about {report.seeds}"
