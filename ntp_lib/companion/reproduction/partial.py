"""What is kept of an execution in which a cell failed: its notebook, the figures and the checks that there are."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ntp_lib.companion.reproduction.checks import Check
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.notebooks import code_cells, stored_errors
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run import RecordedFigure
from ntp_lib.companion.reproduction.runs import FIGURES, NOTEBOOK_FILE, digests
from ntp_lib.companion.reproduction.session import Session


@dataclass(frozen=True)
class Partial:
    """The part of a run that came about. It has no record of its own, so nothing takes it for a run.

    Attributes:
        folder: where its figures lie.
        notebook: the partly executed notebook as shown to people, or an empty text.
        figures: what was recorded, by figure id.
        files: SHA-256 of the files in the folder.
        checks: what was asserted, in order.
        errors: the errors that cells stored, one sentence each.
    """

    folder: Path
    notebook: str = ""
    figures: Mapping[str, RecordedFigure] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    errors: tuple[str, ...] = ()


def keep_partial(project: Project, notebook: str, workspace: Path) -> Partial:
    """Move what a failed execution left in its workspace to `_build/failed`.

    Args:
        project: the project.
        notebook: name of the notebook.
        workspace: the folder it was executed in.

    Returns:
        What was kept; an earlier failure of the same notebook is replaced.
    """
    drop_partial(project, notebook)
    records = Session(workspace).records()
    source, target = workspace / NOTEBOOK_FILE, partial_notebook(project, notebook)
    folder = project.failed / notebook
    try:
        # A notebook that was not written whole, as on a full disk, is of no use to anybody.
        code_cells(source)
        project.failed.mkdir(parents=True, exist_ok=True)
        shutil.move(source, target)
        if (workspace / FIGURES).is_dir():
            folder.mkdir()
            shutil.move(workspace / FIGURES, folder / FIGURES)
    except (ReproductionError, OSError):
        drop_partial(project, notebook)
        return Partial(folder)
    return Partial(
        folder=folder,
        notebook=project.relative(target),
        figures={name: RecordedFigure(**figure) for name, figure in records["figures"].items()},
        files=digests(folder),
        checks=tuple(Check(**check) for check in records["checks"]),
        errors=tuple(stored_errors(target)),
    )


def drop_partial(project: Project, notebook: str) -> None:
    """Remove what an earlier failure of a notebook left."""
    with suppress(OSError):
        partial_notebook(project, notebook).unlink(missing_ok=True)
    shutil.rmtree(project.failed / notebook, ignore_errors=True)


def partial_notebook(project: Project, notebook: str) -> Path:
    """Where the partial notebook of a failed run is kept."""
    return project.failed / f"{notebook}.ipynb"
