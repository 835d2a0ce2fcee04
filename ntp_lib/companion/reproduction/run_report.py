"""What is known of a notebook's run: read once, and compared once with what it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.inputs import Inputs, current_inputs
from ntp_lib.companion.reproduction.parameters import Value
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run import Run
from ntp_lib.companion.reproduction.runs import load_run


@dataclass(frozen=True)
class RunReport:
    """One notebook and its run.

    Attributes:
        notebook: name of the notebook.
        run: its run; None where there is none that can be read.
        unreadable: why its record or its inputs cannot be read; empty where they can.
        changes: what changed since the run, one phrase each.
        files: SHA-256, as they are now, of the files that it depends on; only a run knows all of them.
    """

    notebook: str
    run: Run | None
    unreadable: str = ""
    changes: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


def report_run(project: Project, notebook: str) -> RunReport:
    """Read the run of a notebook and find what changed since."""
    run, unreadable, changes, files = None, "", [], {}
    try:
        run = load_run(project.runs / notebook)
    except ReproductionError as error:
        unreadable = str(error)
    try:
        current = current_inputs(project, notebook, earlier=run.all_inputs() if run else None)
        files = {**current.files, **current.seen}
        changes = _changes(current, run) if run else []
    except ReproductionError as error:
        unreadable = unreadable or str(error)
    return RunReport(notebook, run, unreadable, tuple(changes), files)


def report_runs(project: Project) -> dict[str, RunReport]:
    """The same of every notebook, by name."""
    return {notebook: report_run(project, notebook) for notebook in project.notebook_names()}


def staleness(
    project: Project, notebook: str, run: Run, overrides: Mapping[str, Value] | None = None
) -> list[str]:
    """What changed since a run, one phrase each; empty where it is current.

    Args:
        project: the project.
        notebook: name of the notebook.
        run: its run.
        overrides: the parameters that it should have; by default the notebook's own.

    Returns:
        The changes.
    """
    return _changes(current_inputs(project, notebook, overrides, earlier=run.all_inputs()), run)


def _changes(current: Inputs, run: Run) -> list[str]:
    changes = current.changes_since(run.all_inputs())
    if not changes and current.key != run.key:
        return ["its key does not belong to its inputs"]
    return changes
