"""What a kernel notes down while the pipeline executes its notebook."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ntp_lib.numerics.whole_file import whole_file

FOLDER_VARIABLE = "NTP_RUN_FOLDER"
RECORDS = "records.json"
NOTHING: dict[str, Any] = {
    "root": "",
    "notebook": "",
    "listed": None,
    "other_parameters": False,
    "figures": {},
    "checks": [],
}


@dataclass(frozen=True)
class Session:
    """The records of one execution, shared between the pipeline and the kernel through a file.

    Attributes:
        folder: the run's temporary folder.
    """

    folder: Path

    @classmethod
    def current(cls) -> Session | None:
        """The session this kernel belongs to; None where a person runs the notebook."""
        folder = os.environ.get(FOLDER_VARIABLE)
        return cls(Path(folder)) if folder else None

    def begin(
        self,
        *,
        root: Path,
        notebook: str,
        listed: Mapping[str, Mapping[str, Any]],
        other_parameters: bool = False,
    ) -> None:
        """Called by the pipeline before the kernel starts.

        Args:
            root: the project's root.
            notebook: name of the notebook.
            listed: every figure of the manifest, with its notebook and its key.
            other_parameters: some parameter differs from the notebook's own value.
        """
        given = {"root": str(root), "notebook": notebook, "listed": dict(listed)}
        self._write({**NOTHING, **given, "other_parameters": other_parameters})

    def records(self) -> dict[str, Any]:
        """Everything noted so far."""
        path = self.folder / RECORDS
        if not path.exists():
            return deepcopy(NOTHING)
        records: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return records

    @property
    def other_parameters(self) -> bool:
        """Whether this run was asked for with other parameters than the notebook's own."""
        return bool(self.records()["other_parameters"])

    def note_figure(self, figure: str, entry: Mapping[str, Any]) -> None:
        """Add a recorded figure."""
        records = self.records()
        records["figures"][figure] = dict(entry)
        self._write(records)

    def note_check(self, entry: Mapping[str, Any]) -> None:
        """Add a check, whether or not it holds."""
        records = self.records()
        records["checks"].append(dict(entry))
        self._write(records)

    def _write(self, records: dict[str, Any]) -> None:
        with whole_file(self.folder / RECORDS) as temporary:
            temporary.write_text(json.dumps(records), encoding="utf-8")
