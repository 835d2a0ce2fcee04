"""What a run leaves behind: its record, its notebook and its figures in one folder."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.inputs import digest
from ntp_lib.companion.reproduction.records import as_record, parse_json, require_seal, sealed, without_seal
from ntp_lib.companion.reproduction.run import Run
from ntp_lib.companion.reproduction.soundness import require_sound

RUN_FILE = "run.json"
NOTEBOOK_FILE = "notebook.ipynb"
FIGURES = "figures"
SUFFIXES = ("csv", "svg", "dark.svg", "narrow.svg", "narrow.dark.svg", "png")
# What makes a file called run.json a record of ours; a later version may hold other fields.
FORMAT, VERSION = "ntp run", 1


def figure_file(folder: Path, figure: str, suffix: str) -> Path:
    """A file of a recorded figure: one of the `SUFFIXES`."""
    return folder / FIGURES / f"{figure}.{suffix}"


def load_run(folder: Path, *, until: str = "") -> Run | None:
    """Read the run in a folder.

    Args:
        folder: a run folder, existing or not.
        until: the figure with which it ended; by default only a complete run is one.

    Returns:
        The run, or None where there is none.

    Raises:
        ReproductionError: its record cannot be read, or is not as its run wrote it.
    """
    path = folder / RUN_FILE
    where = f"{path}: not a readable record of a run"
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ReproductionError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ReproductionError(f"{where} ({error}); delete its folder") from error
    content = _unmarked(parse_json(text, where))
    if content is None:
        raise ReproductionError(f"{where} (it lacks the mark {FORMAT!r}, version {VERSION})")
    run = as_record(Run, without_seal(content), where)
    require_sound(run, where)
    require_seal(content, where)
    return run if run.until == until else None


def save_run(run: Run, folder: Path) -> None:
    """Write the record of a run into its (still temporary) folder, with the digests of everything there."""
    write_record(replace(run, files=digests(folder)), folder)


def write_record(run: Run, folder: Path) -> None:
    """Write the record of a run, marked as ours and sealed with a digest of all its fields."""
    content = {"format": FORMAT, "version": VERSION, **sealed(asdict(run))}
    (folder / RUN_FILE).write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a run but its record, by path relative to its folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / RUN_FILE)
    return {path.relative_to(folder).as_posix(): digest(path) for path in files}


def recorded_files(folder: Path) -> frozenset[str]:
    """The files that a run consists of, by its own record, itself included.

    Args:
        folder: any folder.

    Returns:
        Their paths relative to the folder; empty where it holds no record of ours.
    """
    try:
        content = _unmarked(parse_json((folder / RUN_FILE).read_text(encoding="utf-8"), RUN_FILE))
        require_seal(content or {}, RUN_FILE)
    except (OSError, ValueError, ReproductionError):
        return frozenset()
    return frozenset({RUN_FILE, *content["files"]}) if content else frozenset()


def _unmarked(content: Any) -> dict[str, Any] | None:
    """The fields of a record without its mark, or None where it does not say that it is one of ours."""
    if not isinstance(content, dict):
        return None
    # In Python True equals 1, and 1.0 does; a version is neither.
    marked = (content.get("format"), repr(content.get("version"))) == (FORMAT, repr(VERSION))
    return {name: content[name] for name in content if name not in ("format", "version")} if marked else None
