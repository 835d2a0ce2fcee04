"""The report over seeds as JSON: written whole or not at all, read strictly."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ntp_lib.reproduction.errors import ReproductionError
from ntp_lib.reproduction.robustness import CheckOverSeeds, NotebookOverSeeds, RobustnessReport, SeedResult

SCHEMA = "ntp-robustness-1"


def save_robustness(report: RobustnessReport, path: Path) -> None:
    """Writes a report; whoever reads the path finds the earlier file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"schema": SCHEMA, **asdict(report)}
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def load_robustness(path: Path) -> RobustnessReport:
    """Reads a report.

    Raises:
        ReproductionError: There is no file, or it is no report of this schema; the message says what to do.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if (schema := content.pop("schema")) != SCHEMA:
            raise ValueError(f"schema {schema!r}, valid: {SCHEMA}")
        report = RobustnessReport(
            **{
                **content,
                "seeds": _seeds(content["seeds"]),
                "notebooks": tuple(_notebook(fields) for fields in content["notebooks"]),
                "without_seed": tuple(content["without_seed"]),
            }
        )
        _require_seeds(report)
        return report
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ReproductionError(
            f"{path.name}: not a readable report over seeds ({error!r}); make it again with: ntp robustness"
        ) from error


def _notebook(fields: Mapping[str, Any]) -> NotebookOverSeeds:
    failures = {int(seed): str(error) for seed, error in fields["failures"].items()}
    checks = tuple(_check(item) for item in fields["checks"])
    return NotebookOverSeeds(**{**fields, "failures": failures, "checks": checks})


def _check(fields: Mapping[str, Any]) -> CheckOverSeeds:
    results = tuple(SeedResult(**item) for item in fields["results"])
    return CheckOverSeeds(**{**fields, "results": results})


def _seeds(values: Any) -> tuple[int, ...]:
    if not isinstance(values, list) or not values or not all(type(value) is int for value in values):
        raise ValueError(f"seeds is {values!r}, valid: a list of whole numbers")
    return tuple(values)


def _require_seeds(report: RobustnessReport) -> None:
    for check in report.checks:
        seeds = [result.seed for result in check.results]
        if len(set(seeds)) < len(seeds) or not set(seeds) <= set(report.seeds):
            raise ValueError(
                f"check {check.name} has results at seeds {seeds}, the report is about {report.seeds}"
            )
