"""The report as JSON: written whole or not at all, read strictly, and refused where it was altered."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ntp_lib.portability.records import SCHEMA, FigureRecord, NotebookRecord, Report, SettingRecord
from ntp_lib.portability.settings import Setting
from ntp_lib.reproduction.errors import ReproductionError
from ntp_lib.reproduction.project import Project

NAME = "portability.json"
# JSON has no infinity, and a figure may lie infinitely far beyond its tolerance.
INFINITE = "infinite"


def report_file(project: Project) -> Path:
    """Where the committed report lies, whether or not it exists."""
    return project.measured / NAME


def save_report(report: Report, path: Path) -> None:
    """Writes a report; whoever reads the path finds the earlier file or the whole new one."""
    content = json.loads(json.dumps(asdict(report)), parse_constant=lambda _: INFINITE)
    text = json.dumps({"schema": SCHEMA, "sha256": _digest(content), **content}, indent=1, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text + "\n", encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def load_report(path: Path) -> Report:
    """Reads a report.

    Raises:
        ReproductionError: It is missing, is no report of this schema, or was altered after it was written.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if (schema := content.pop("schema")) != SCHEMA:
            raise ValueError(f"schema {schema!r}, valid: {SCHEMA}")
        if content.pop("sha256") != _digest(content):
            raise ValueError("its content does not belong to its digest")
        settings = tuple(_setting(fields) for fields in content.pop("settings"))
        return Report(**content, settings=settings)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
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


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
