"""Which folders a run may take the place of, and what of them is removed: files that the pipeline wrote."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ntp_lib.companion.reproduction.errors import RequestError
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.runs import FIGURES, NOTEBOOK_FILE, RUN_FILE, SUFFIXES, recorded_files

REMEDY = "choose another folder, or move what is yours elsewhere"


def is_ours(project: Project, destination: Path) -> bool:
    """Whether a destination belongs to the pipeline by its place: runs of earlier versions carry no mark."""
    return destination.parent in (project.runs, project.custom, project.figures)


def require_replaceable(destination: Path, *, ours: bool, holder: Path | None = None) -> None:
    """Refuse a destination that holds anything but an earlier run.

    Args:
        destination: where a run is to go.
        ours: it belongs to the pipeline by its place.
        holder: where its content lies now, if it has been moved aside.

    Raises:
        RequestError: it exists, is not empty, and is not a run or holds more than the files of one.
    """
    folder = holder or destination
    if not folder.exists():
        return
    if not folder.is_dir():
        raise RequestError(f"{destination}: exists and is not a folder; choose another place")
    _, others = _contents(folder, ours)
    if not others:
        return
    found = f"{others[0]}{f' and {len(others) - 1} more' if len(others) > 1 else ''}"
    if ours or recorded_files(folder):
        raise RequestError(f"{destination}: holds {found}, which its run did not write; {REMEDY}")
    raise RequestError(f"{destination}: exists and is not an earlier run (it holds {found}); {REMEDY}")


def remove_run(folder: Path, *, ours: bool) -> None:
    """Remove the files of a run, and its folder unless something else lies in it.

    Args:
        folder: the folder, moved aside.
        ours: its files count as the pipeline's by their names alone, without a record.
    """
    written, _ = _contents(folder, ours)
    # The record goes last, so that an interrupted removal can be taken up again.
    for path in sorted(written, key=RUN_FILE.__eq__):
        (folder / path).unlink(missing_ok=True)
    for place in (folder / FIGURES, folder):
        with suppress(OSError):
            place.rmdir()


def _contents(folder: Path, ours: bool) -> tuple[list[str], list[str]]:
    """Relative paths of what lies in a folder: files of a run, and everything else."""
    recorded = recorded_files(folder)
    written: list[str] = []
    others: list[str] = []
    for path, is_file in _entries(folder):
        known = path in recorded if recorded or not ours else _looks_written(path)
        (written if is_file and known else others).append(path)
    return written, others


def _looks_written(path: str) -> bool:
    place, _, name = path.rpartition("/")
    drawn = place == FIGURES and name.endswith(tuple(f".{suffix}" for suffix in SUFFIXES))
    return drawn or path in (RUN_FILE, NOTEBOOK_FILE)


def _entries(folder: Path, within: str = "") -> Iterator[tuple[str, bool]]:
    """Every entry by relative path, and whether it is a plain file; only the folder of figures is looked into."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not within and entry.name == FIGURES and entry.is_dir(follow_symlinks=False):
                yield from _entries(folder / FIGURES, f"{FIGURES}/")
            else:
                yield f"{within}{entry.name}", entry.is_file(follow_symlinks=False)
