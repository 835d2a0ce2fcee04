"""What a run leaves behind: its record, its notebook and its figures in one folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ntp_lib.reproduction.checks import Check
from ntp_lib.reproduction.errors import ReproductionError
from ntp_lib.reproduction.inputs import Inputs
from ntp_lib.reproduction.parameters import Value
from ntp_lib.reproduction.records import as_record, parse_json, require_seal, sealed, without_seal
from ntp_lib.reproduction.soundness import require_sound

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
        ReproductionError: Its record cannot be read, or is not the one that was written.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        return None
    where = f"{path}: not a readable record of a run"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReproductionError(f"{where} ({error}); delete its folder") from error
    content = parse_json(text, where)
    run = as_record(Run, without_seal(content), where)
    require_sound(run, where)
    require_seal(content, where)
    return run


def save_run(run: Run, folder: Path) -> None:
    """Writes the record of a run into its (still temporary) folder, with a digest of all its fields."""
    content = json.dumps(sealed(asdict(run)), indent=1, ensure_ascii=False)
    (folder / RUN_FILE).write_text(content, encoding="utf-8")
