"""What a run leaves behind: its record, its notebook and its figures in one folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ntp_lib.reproduction.checks import Check
from ntp_lib.reproduction.errors import ReproductionError
from ntp_lib.reproduction.inputs import Inputs
from ntp_lib.reproduction.parameters import Value

RUN_FILE = "run.json"
NOTEBOOK_FILE = "notebook.ipynb"


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
        arithmetic: What the kernel computed with, as `arithmetic.arithmetic` describes it.
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
    arithmetic: Mapping[str, Any] = field(default_factory=dict)

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
    if not path.is_file():
        return None
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        figures = {name: RecordedFigure(**figure) for name, figure in content.pop("figures").items()}
        checks = tuple(Check(**check) for check in content.pop("checks"))
        return Run(**content, figures=figures, checks=checks)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ReproductionError(f"{path}: not a readable record of a run ({error}); delete its folder") from error


def save_run(run: Run, folder: Path) -> None:
    """Writes the record of a run into its (still temporary) folder."""
    (folder / RUN_FILE).write_text(json.dumps(asdict(run), indent=1, ensure_ascii=False), encoding="utf-8")
