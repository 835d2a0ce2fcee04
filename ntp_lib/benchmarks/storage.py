"""A report as JSON: written whole or not at all, read strictly."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ntp_lib.benchmarks.records import (
    SCHEMA,
    CaseResult,
    Conditions,
    Measurement,
    Outcome,
    Report,
    Requirement,
    Target,
)
from ntp_lib.reproduction.errors import ReproductionError


def save_report(report: Report, path: Path) -> None:
    """Write a report; whoever reads the path finds the earlier file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"schema": SCHEMA, **asdict(report), "cases": [asdict(case) for case in report.cases.values()]}
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def load_report(path: Path) -> Report:
    """Read a report.

    Raises:
        ReproductionError: there is no file, or it is no report of this schema; the message says what to do.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["schema"] != SCHEMA:
            raise ValueError(f"schema {content['schema']!r}, valid: {SCHEMA}")
        cases = [_case(fields) for fields in content["cases"]]
        return Report(
            conditions=Conditions(**content["conditions"]),
            command=str(content["command"]),
            started=str(content["started"]),
            finished=str(content["finished"]),
            cases={case.id: case for case in cases},
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ReproductionError(
            f"{path.name}: not a readable benchmark report ({error!r}); measure again with: make bench"
        ) from error


def _case(fields: Mapping[str, Any]) -> CaseResult:
    return CaseResult(
        **{
            **fields,
            "requirements": tuple(Requirement(**item) for item in fields["requirements"]),
            "targets": tuple(Target(**{**item, "against": tuple(item["against"])}) for item in fields["targets"]),
            "measurements": tuple(_measurement(item) for item in fields["measurements"]),
        }
    )


def _measurement(fields: Mapping[str, Any]) -> Measurement:
    seconds = tuple(float(value) for value in fields["seconds"])
    return Measurement(**{**fields, "outcome": Outcome(fields["outcome"]), "seconds": seconds})
