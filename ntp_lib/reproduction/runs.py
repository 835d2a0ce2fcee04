"""What a run leaves behind: its record, its notebook and its figures in one folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ntp_lib.reproduction.checks import Check
from ntp_lib.reproduction.errors import ReproductionError
from ntp_lib.reproduction.inputs import Inputs
from ntp_lib.reproduction.parameters import Value

RUN_FILE = "run.json"
NOTEBOOK_FILE = "notebook.ipynb"
FIGURE_SUFFIXES = ("csv", "svg", "dark.svg", "png")
# What makes a file called run.json a record of ours; a later version may hold other fields.
FORMAT, VERSION = "ntp run", 1


@dataclass(frozen=True)
class RecordedFigure:
    """A figure as recorded: digests of its data and of the text behind it, if any."""

    csv_sha256: str
    source_sha256: str | None


@dataclass(frozen=True)
class Run:
    """One complete execution of a notebook.

    Attributes:
        notebook: Name of the notebook.
        key: Digest of everything the run depends on.
        inputs: SHA-256 of every input file by path relative to the project.
        parameters: Values of all parameters.
        overrides: Those that differ from the defaults.
        python: Minor version of the interpreter.
        packages: Versions of the packages that results may depend on.
        started: ISO time, UTC.
        seconds: Wall time.
        figures: What was recorded, by figure id.
        checks: What was asserted, in order.
    """

    notebook: str
    key: str
    inputs: Mapping[str, str]
    parameters: Mapping[str, Value]
    overrides: Mapping[str, Value]
    python: str
    packages: Mapping[str, str]
    started: str
    seconds: float
    figures: Mapping[str, RecordedFigure]
    checks: tuple[Check, ...]

    def all_inputs(self) -> Inputs:
        """The inputs, to be compared with current ones."""
        return Inputs(files=self.inputs, overrides=self.overrides, python=self.python)


def figure_file(folder: Path, figure: str, suffix: str) -> Path:
    """A file of a recorded figure: suffix `csv`, `svg`, `dark.svg` or `png`."""
    return folder / "figures" / f"{figure}.{suffix}"


def load_run(folder: Path) -> Run | None:
    """Reads the run in a folder.

    Args:
        folder: A run folder, existing or not.

    Returns:
        The run, or None where there is none.

    Raises:
        ReproductionError: Its record cannot be read.
    """
    path = folder / RUN_FILE
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ReproductionError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ReproductionError(f"{path}: not a readable record of a run ({error})") from error
    content = _record(text)
    if content is None:
        why = f"it lacks the mark {FORMAT!r}, version {VERSION}"
        raise ReproductionError(f"{path}: not a readable record of a run ({why})")
    try:
        figures = {name: RecordedFigure(**figure) for name, figure in content.pop("figures").items()}
        checks = tuple(Check(**check) for check in content.pop("checks"))
        return Run(**content, figures=figures, checks=checks)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ReproductionError(f"{path}: not a readable record of a run ({error})") from error


def save_run(run: Run, folder: Path) -> None:
    """Writes the record of a run into its (still temporary) folder."""
    content = {"format": FORMAT, "version": VERSION, **asdict(run)}
    (folder / RUN_FILE).write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def recorded_files(folder: Path) -> frozenset[str]:
    """The files that a run consists of, by its own record: that record, the notebook, the figures.

    Args:
        folder: Any folder.

    Returns:
        Their paths relative to the folder; empty where it holds no record of ours.
    """
    try:
        content = _record((folder / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return frozenset()
    if content is None or not isinstance(content.get("figures"), dict):
        return frozenset()
    drawn = {f"figures/{name}.{suffix}" for name in content["figures"] for suffix in FIGURE_SUFFIXES}
    return frozenset({RUN_FILE, NOTEBOOK_FILE, *drawn})


def _record(text: str) -> dict[str, Any] | None:
    """The fields of a record, or None where the text does not say that it is one."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    marker = content.pop("format", None), content.pop("version", None)
    return content if marker == (FORMAT, VERSION) else None
