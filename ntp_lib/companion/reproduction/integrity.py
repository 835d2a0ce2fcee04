"""Whether what a reader sees of a run is what the run made: drawings, data and the executed notebook."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.inputs import digest
from ntp_lib.companion.reproduction.partial import Partial
from ntp_lib.companion.reproduction.run import Run
from ntp_lib.companion.reproduction.runs import FIGURES, NOTEBOOK_FILE, SUFFIXES


def alterations(folder: Path, run: Run) -> list[str]:
    """What is missing from a run's folder or was changed there, one phrase each; empty if nothing.

    Args:
        folder: the run's folder.
        run: its record.
    """
    expected = {NOTEBOOK_FILE, *(name for figure in run.figures for name in figure_names(figure))}
    return _differences(folder, run, sorted(expected | run.files.keys()))


def altered_figure(folder: Path, run: Run | Partial, figure: str) -> list[str]:
    """The same for the files of one recorded figure."""
    found = _differences(folder, run, figure_names(figure))
    recorded = run.files.get(figure_names(figure)[0])
    if not found and recorded != run.figures[figure].csv_sha256:
        found.append(f"{figure_names(figure)[0]} is not what the notebook wrote")
    return found


def figure_names(figure: str) -> list[str]:
    """The files of a figure, its data first, relative to the folder of a run."""
    return [f"{FIGURES}/{figure}.{suffix}" for suffix in SUFFIXES]


def _differences(folder: Path, run: Run | Partial, names: Iterable[str]) -> list[str]:
    found = []
    for name in names:
        path = folder / name
        if name not in run.files:
            found.append(f"{name} is not in the record of its run")
        elif not path.is_file():
            found.append(f"{name} is missing")
        else:
            try:
                if digest(path) != run.files[name]:
                    found.append(f"{name} is not the file that its run made")
            except ReproductionError as error:
                found.append(str(error))
    return found
