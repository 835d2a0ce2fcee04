"""A report as JSON: written whole or not at all, read strictly, so that its times can be divided and compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from ntp_lib.companion.benchmarks.records import KINDS, SCHEMA, BenchmarkReport, CaseResult, Ending, Measurement
from ntp_lib.companion.reproduction import records

REMEDY = "measure again with: make bench"
MODES = ("full", "smoke")
RELATIONS = ("at most", "at least")
TIMED = (Ending.REACHED, Ending.TIME_LIMIT)


def save_report(report: BenchmarkReport, path: Path) -> None:
    """Write a report; whoever reads the path finds the earlier file or the whole new one."""
    records.write_json({"schema": SCHEMA, **asdict(report)}, path)


def load_report(path: Path) -> BenchmarkReport:
    """Read a report.

    Raises:
        ReproductionError: there is no file, or it is no report of this schema; the message names the field and
            says what to do.
    """
    return records.load_report(
        BenchmarkReport, path, schema=SCHEMA, name="benchmark report", problems=problems, remedy=REMEDY
    )


def problems(report: BenchmarkReport) -> Iterator[str]:
    """What is impossible about a report whose fields have their types; one phrase each, the place first."""
    conditions, cases = report.conditions, report.cases
    if conditions.mode not in MODES:
        yield f"conditions: mode is {conditions.mode!r}; valid: {', '.join(MODES)}"
    if conditions.repeats < 1 or conditions.peer_limit <= 0 or conditions.budget < 0:
        yield "conditions: repeats, peer_limit and budget must be positive"
    for moment in (report.started, report.finished):
        try:
            datetime.fromisoformat(moment)
        except ValueError:
            yield f"started or finished is {moment[:40]!r}; valid: an ISO time"
    ids = [case.id for case in cases]
    for number, case in enumerate(cases):
        if case.id in ids[:number]:
            yield f"cases[{number}]: id {case.id[:80]!r} is given twice"
        yield from (f"cases[{number}]: {problem}" for problem in _of_case(case))


def _of_case(case: CaseResult) -> Iterator[str]:
    if not case.id.startswith(f"{case.topic}/"):
        yield f"id is {case.id[:80]!r}; valid: topic/what"
    if "series" in case.parameters:
        size = case.parameters.get("size")
        if not isinstance(size, (int, float)) or size <= 0:
            yield f"parameters: size is {str(size)[:40]}; valid in a series: a positive number"
    for requirement in case.requirements:
        if requirement.relation not in RELATIONS:
            yield f"requirements: relation is {requirement.relation[:40]!r}; valid: {', '.join(RELATIONS)}"
    for target in case.targets:
        if target.kind not in KINDS or target.bound <= 0:
            yield f"targets: kind is {target.kind[:40]!r}; valid: {', '.join(KINDS)}, with a positive bound"
    names = [measured.contender for measured in case.measurements]
    if len(set(names)) < len(names) or not all(names):
        yield "measurements: contenders must have different names"
    if sum(measured.ours for measured in case.measurements) != 1:
        yield "measurements: exactly one must be ours"
    for number, measured in enumerate(case.measurements):
        yield from (f"measurements[{number}]: {problem}" for problem in _of_measurement(measured))


def _of_measurement(measured: Measurement) -> Iterator[str]:
    timed = measured.outcome in TIMED
    least = min(measured.seconds, default=0.0)
    if least < 0 or (timed and least == 0):
        yield f"seconds are {list(measured.seconds)[:5]}; valid: positive times, at least one where it was timed"
