"""What a kernel notes down while the pipeline executes its notebook."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ntp_lib.reproduction.arithmetic import arithmetic

FOLDER_VARIABLE = "NTP_RUN_FOLDER"
RECORDS = "records.json"


@dataclass(frozen=True)
class Session:
    """The records of one execution, shared between the pipeline and the kernel through a file.

    Attributes:
        folder: The run's temporary folder.
    """

    folder: Path

    @classmethod
    def current(cls) -> Session | None:
        """The session this kernel belongs to; None where a person runs the notebook."""
        folder = os.environ.get(FOLDER_VARIABLE)
        return cls(Path(folder)) if folder else None

    def begin(self, *, root: Path, notebook: str, listed: Mapping[str, Mapping[str, Any]]) -> None:
        """Called by the pipeline: says which figures the manifest lists, in which notebook, with which key."""
        self._write(
            {
                "root": str(root),
                "notebook": notebook,
                "listed": dict(listed),
                "figures": {},
                "checks": [],
                "modules": [],
                "arithmetic": {},
            }
        )

    def records(self) -> dict[str, Any]:
        """Everything noted so far."""
        path = self.folder / RECORDS
        if not path.exists():
            nothing: dict[str, Any] = {
                "root": "",
                "notebook": "",
                "listed": None,
                "figures": {},
                "checks": [],
                "modules": [],
            }
            return {**nothing, "arithmetic": {}}
        records: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return records

    def note_figure(self, figure: str, entry: Mapping[str, Any]) -> None:
        """Adds a recorded figure."""
        records = self.records()
        records["figures"][figure] = dict(entry)
        self._write(_with_surroundings(records))

    def note_check(self, entry: Mapping[str, Any]) -> None:
        """Adds a check, whether or not it holds."""
        records = self.records()
        records["checks"].append(dict(entry))
        self._write(_with_surroundings(records))

    def _write(self, records: dict[str, Any]) -> None:
        temporary = self.folder / f"{RECORDS}.tmp"
        temporary.write_text(json.dumps(records), encoding="utf-8")
        temporary.replace(self.folder / RECORDS)


def _with_surroundings(records: dict[str, Any]) -> dict[str, Any]:
    """The records with the modules that this process, the kernel, has loaded, and what it computes with."""
    modules = sorted({*records["modules"], *_loaded_modules(records["root"])})
    return {**records, "modules": modules, "arithmetic": arithmetic()}


def _loaded_modules(root: str) -> set[str]:
    """Paths of the project's own modules that are loaded, relative to its root.

    The pipeline compares them with the imports it read: a module loaded in a way that it cannot see
    would let an outdated run pass for a current one.
    """
    if not root:
        return set()
    found = set()
    for name, module in list(sys.modules.items()):
        path = Path(getattr(module, "__file__", None) or "/")
        if path.is_relative_to(root) and path.suffix == ".py":
            relative = path.relative_to(root)
            # Environments inside the root hold other people's modules, deeper than their names say.
            if relative.with_suffix("").parts[0] == name.split(".")[0]:
                found.add(relative.as_posix())
    return found
