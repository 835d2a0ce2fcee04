"""What a run leaves behind: its record, its notebook and its figures in one folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ntp_lib.reproduction.checks import Check
from ntp_lib.reproduction.errors import ReproductionError
from ntp_lib.reproduction.inputs import Inputs, digest
from ntp_lib.reproduction.parameters import Value

RUN_FILE = "run.json"
NOTEBOOK_FILE = "notebook.ipynb"
FIGURES = "figures"
SUFFIXES = ("csv", "svg", "dark.svg", "png")
SEAL = "record_sha256"


@dataclass(frozen=True)
class RecordedFigure:
    """A figure as recorded: digests of its data and of the text behind it, if any."""

    csv_sha256: str
    source_sha256: str | None


@dataclass(frozen=True)
class Run:
    """One execution of a notebook: complete, or up to the figure that was asked for.

    Attributes:
        notebook: Name of the notebook.
        key: Digest of everything the run depends on.
        inputs: SHA-256 of every input file by path relative to the project.
        seen: SHA-256 of the other files that the kernel was seen to read.
        parameters: Values of all parameters.
        overrides: Those that differ from the defaults.
        python: Minor version of the interpreter.
        packages: Versions of the installed packages that the kernel loaded, as it said itself.
        started: ISO time, UTC.
        seconds: Wall time.
        figures: What was recorded, by figure id.
        checks: What was asserted, in order.
        until: The figure with which the execution ended; empty where the run is complete.
        files: SHA-256 of every file of the run but its record, by path relative to its folder.
    """

    notebook: str
    key: str
    inputs: Mapping[str, str]
    seen: Mapping[str, str]
    parameters: Mapping[str, Value]
    overrides: Mapping[str, Value]
    python: str
    packages: Mapping[str, str]
    started: str
    seconds: float
    figures: Mapping[str, RecordedFigure]
    checks: tuple[Check, ...]
    until: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    def all_inputs(self) -> Inputs:
        """The inputs, to be compared with current ones."""
        return Inputs(self.inputs, self.overrides, self.python, self.packages, self.seen)


def figure_file(folder: Path, figure: str, suffix: str) -> Path:
    """A file of a recorded figure: suffix `csv`, `svg`, `dark.svg` or `png`."""
    return folder / FIGURES / f"{figure}.{suffix}"


def load_run(folder: Path, *, until: str = "") -> Run | None:
    """Reads the run in a folder.

    Args:
        folder: A run folder, existing or not.
        until: The figure with which it ended; by default only a complete run is one.

    Returns:
        The run, or None where there is none.

    Raises:
        ReproductionError: Its record cannot be read, or is not as its run wrote it.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        return None
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        seal = content.pop(SEAL)
        if seal != _seal(content):
            raise ReproductionError(f"{path}: was changed after its run")
        figures = {name: RecordedFigure(**figure) for name, figure in content.pop("figures").items()}
        checks = tuple(Check(**check) for check in content.pop("checks"))
        run = Run(**content, figures=figures, checks=checks)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ReproductionError(f"{path}: not a readable record of a run ({error}); delete its folder") from error
    return run if run.until == until else None


def save_run(run: Run, folder: Path) -> None:
    """Writes the record of a run into its (still temporary) folder, with the digests of everything there."""
    write_record(replace(run, files=digests(folder)), folder)


def write_record(run: Run, folder: Path) -> None:
    """Writes the record of a run, sealed."""
    content = asdict(run)
    content[SEAL] = _seal(content)
    (folder / RUN_FILE).write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a run but its record, by path relative to its folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / RUN_FILE)
    return {path.relative_to(folder).as_posix(): digest(path) for path in files}


def _seal(content: Mapping[str, Any]) -> str:
    """A digest over the record, so that a change of any field is seen."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
