"""What the report holds: per setting and notebook, what really ran and how every figure compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ntp_lib.companion.portability.settings import Setting
from ntp_lib.companion.reproduction.inputs import digest
from ntp_lib.companion.reproduction.manifest import FigureEntry, Manifest
from ntp_lib.companion.reproduction.project import Project

# A change of what the fields mean gets a new number, so that an old file is refused instead of misread.
SCHEMA = 1


@dataclass(frozen=True)
class FigureRecord:
    """One figure compared with its reference.

    Attributes:
        state: the name of its `judgement.State`.
        used: the largest difference as a share of what is allowed there; 0 where no digits were compared.
        column: the column of that difference; empty where there is none.
    """

    state: str
    used: float
    column: str

    @property
    def verified(self) -> bool:
        """It agrees with its reference, or its source text is another and its structure agrees."""
        return self.state in ("AGREES", "OTHER_SOURCE") and self.used <= 1


@dataclass(frozen=True)
class NotebookRecord:
    """One notebook executed under one setting.

    Attributes:
        made_from: digest of everything the verdict depends on: sources, lock, references, tolerances.
        started: ISO time, UTC; empty where it did not go through.
        seconds: wall time.
        arithmetic: what its kernel told of itself.
        checks: how many checks it made.
        held: how many of them held beside a control that failed.
        failure: why it did not go through; empty where it did.
        figures: by id.
    """

    made_from: str
    started: str
    seconds: float
    arithmetic: Mapping[str, Any]
    checks: int
    held: int
    failure: str
    figures: Mapping[str, FigureRecord]


@dataclass(frozen=True)
class SettingRecord:
    """Everything under one setting: notebooks by name."""

    setting: Setting
    notebooks: Mapping[str, NotebookRecord]

    @property
    def figures(self) -> dict[str, FigureRecord]:
        """The figures of all notebooks."""
        return {name: figure for notebook in self.notebooks.values() for name, figure in notebook.figures.items()}

    @property
    def nearest(self) -> tuple[str, FigureRecord] | None:
        """The figure that came nearest to its tolerance, or went farthest beyond."""
        figures = self.figures
        return max(figures.items(), key=lambda item: item[1].used) if figures else None

    @property
    def good(self) -> bool:
        """Every notebook went through, every figure agrees, every check held."""
        through = all(not found.failure and found.held == found.checks for found in self.notebooks.values())
        return through and all(figure.verified for figure in self.figures.values())

    def arithmetic_of(self, *path: str) -> list[str]:
        """The different values that the kernels told of something, such as `products`, `torch`."""
        found = set()
        for notebook in self.notebooks.values():
            value: Any = notebook.arithmetic
            for name in path:
                value = value.get(name) if isinstance(value, Mapping) else None
            if value is not None:
                found.add(str(value))
        return sorted(found)


@dataclass(frozen=True)
class PortabilityReport:
    """One run of `ntp portability`.

    Attributes:
        machine: processor, cores, memory, system; no name and no path.
        versions: of Python and of the packages that results may depend on.
        command: what was typed.
        finished: ISO time, UTC.
        settings: in the order executed.
    """

    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    command: str
    finished: str
    settings: tuple[SettingRecord, ...]

    def of_notebooks(self, names: list[str]) -> PortabilityReport:
        """The report without the notebooks not named."""
        kept = tuple(
            replace(record, notebooks={name: record.notebooks[name] for name in names if name in record.notebooks})
            for record in self.settings
        )
        return replace(self, settings=kept)


def made_from(project: Project, manifest: Manifest, notebook: str, files: Mapping[str, str]) -> str:
    """Digest of everything that a verdict on the figures of a notebook depends on.

    These are its source, the modules it loads, the lock file, and its figures' references and tolerances;
    not the version of Python, which the report names.

    Args:
        project: the project.
        manifest: its figures.
        notebook: name of the notebook.
        files: digests of its inputs, those of a run or the present ones.
    """
    entries = manifest.of_notebook(notebook)
    references = {entry.id: project.reference(entry.id) for entry in entries}
    sources = {entry.source: manifest.sources[entry.source].sha256 for entry in entries if entry.source}
    content = [
        sorted(files.items()),
        [(entry.id, list(entry.key), entry.source, _tolerances(entry)) for entry in entries],
        sorted(sources.items()),
        {name: digest(path) for name, path in references.items() if path.is_file()},
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _tolerances(entry: FigureEntry) -> list[tuple[str, float, float]]:
    return [(name, tolerance.absolute, tolerance.relative) for name, tolerance in entry.columns.items()]
