"""The report as JSON: written whole or not at all, read strictly, and refused where it was altered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ntp_lib.companion.portability.records import (
    SCHEMA,
    FigureRecord,
    NotebookRecord,
    PortabilityReport,
    SettingRecord,
)
from ntp_lib.companion.portability.settings import Setting
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.records import read_report, require_seal, sealed, without_seal, write_json

NAME = "portability.json"
# JSON has no infinity, and a figure may lie infinitely far beyond its tolerance.
INFINITE = "infinite"


def report_file(project: Project) -> Path:
    """Where the committed report lies, whether or not it exists."""
    return project.measured / NAME


def save_report(report: PortabilityReport, path: Path) -> None:
    """Write a report; whoever reads the path finds the earlier file or the whole new one."""
    content = json.loads(json.dumps(asdict(report)), parse_constant=lambda _: INFINITE)
    write_json({"schema": SCHEMA, **sealed(content)}, path)


def load_report(path: Path) -> PortabilityReport:
    """Read a report.

    Raises:
        ReproductionError: it is missing, is no report of this schema, or was altered after it was written.
    """
    where = f"{path.name}: not a readable report"
    try:
        content = read_report(path, SCHEMA, where)
        require_seal(content, where)
        fields = without_seal(content)
        settings = tuple(_setting(setting) for setting in fields.pop("settings"))
        return PortabilityReport(**fields, settings=settings)
    except ReproductionError as error:
        raise ReproductionError(f"{error}; run: ntp portability") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ReproductionError(f"{path.name}: not a readable report ({error}); run: ntp portability") from error


def _setting(fields: Mapping[str, Any]) -> SettingRecord:
    return SettingRecord(
        Setting(**fields["setting"]),
        {name: _notebook(notebook) for name, notebook in fields["notebooks"].items()},
    )


def _notebook(fields: Mapping[str, Any]) -> NotebookRecord:
    figures = {
        name: FigureRecord(**{**figure, "used": float("inf") if figure["used"] == INFINITE else figure["used"]})
        for name, figure in fields["figures"].items()
    }
    return NotebookRecord(**{**fields, "figures": figures})
