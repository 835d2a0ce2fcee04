"""What is known of a notebook's run: read once, and compared once with what it was made from."""

from __future__ import annotations

from dataclasses import dataclass

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.freshness import staleness
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run import Run
from ntp_lib.companion.reproduction.runs import load_run


@dataclass(frozen=True)
class RunReport:
    """One notebook and its run.

    Attributes:
        notebook: Name of the notebook.
        run: Its run; None where there is none that can be read.
        unreadable: Why its record or its inputs cannot be read; empty where they can.
        changes: What changed since the run, one phrase each.
    """

    notebook: str
    run: Run | None
    unreadable: str = ""
    changes: tuple[str, ...] = ()


def report_run(project: Project, notebook: str) -> RunReport:
    """Reads the run of a notebook and finds what changed since."""
    run = None
    try:
        run = load_run(project.runs / notebook)
        changes = staleness(project, notebook, run) if run else []
    except ReproductionError as error:
        return RunReport(notebook, run, str(error))
    return RunReport(notebook, run, changes=tuple(changes))


def report_runs(project: Project) -> dict[str, RunReport]:
    """The same of every notebook, by name."""
    return {notebook: report_run(project, notebook) for notebook in project.notebook_names()}
