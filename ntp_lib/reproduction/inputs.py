"""What a run depends on, as digests: a run is stale as soon as one of them changes."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ntp_lib.reproduction.imports import imported_modules
from ntp_lib.reproduction.parameters import Value
from ntp_lib.reproduction.project import Project


@dataclass(frozen=True)
class Inputs:
    """The content a run is made from.

    Attributes:
        files: SHA-256 of the notebook, the project's modules it imports and the lock file,
            by path relative to the project.
        overrides: Parameters that differ from the notebook's own defaults.
        python: Minor version of the interpreter.
    """

    files: Mapping[str, str]
    overrides: Mapping[str, Value]
    python: str

    @property
    def key(self) -> str:
        """One digest of everything."""
        content = json.dumps([sorted(self.files.items()), sorted(self.overrides.items()), self.python])
        return hashlib.sha256(content.encode()).hexdigest()

    def changes_since(self, earlier: Inputs) -> list[str]:
        """What differs from the inputs of an earlier run, one phrase each."""
        changes = []
        for path in sorted({*self.files, *earlier.files}):
            if path not in earlier.files:
                changes.append(f"{path} is new")
            elif path not in self.files:
                changes.append(f"{path} is gone")
            elif self.files[path] != earlier.files[path]:
                changes.append(f"{path} has changed")
        for name in sorted({*self.overrides, *earlier.overrides}):
            if self.overrides.get(name) != earlier.overrides.get(name):
                changes.append(f"parameter {name} was {earlier.overrides.get(name, 'at its default')!r}")
        if self.python != earlier.python:
            changes.append(f"Python {earlier.python} is now {self.python}")
        return changes


def current_inputs(project: Project, notebook: str, overrides: Mapping[str, Value] | None = None) -> Inputs:
    """The inputs a run of a notebook would have now.

    Args:
        project: The project.
        notebook: Name of the notebook.
        overrides: Parameters that differ from the defaults.

    Returns:
        Digests of everything the run depends on.
    """
    source = project.notebook(notebook)
    files = {source, *imported_modules(project.root, source)}
    # What was measured once and cannot be computed again is an input like the code.
    optional = (project.lock_file, project.measured / f"{source.stem}.json")
    files.update(path for path in optional if path.is_file())
    return Inputs(
        files={project.relative(path): digest(path) for path in sorted(files)},
        overrides=dict(overrides or {}),
        python=".".join(platform.python_version_tuple()[:2]),
    )


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
