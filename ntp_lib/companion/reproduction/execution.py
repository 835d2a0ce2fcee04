"""Executing notebooks: only what is missing or outdated, several at a time."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from ntp_lib.companion.reproduction.errors import ReproductionError, RequestError
from ntp_lib.companion.reproduction.inputs import current_inputs
from ntp_lib.companion.reproduction.integrity import alterations
from ntp_lib.companion.reproduction.kernel import Job, Outcome
from ntp_lib.companion.reproduction.locks import workshop
from ntp_lib.companion.reproduction.notebooks import code_cells
from ntp_lib.companion.reproduction.parameters import Value, digest_of
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.replacement import is_ours, require_replaceable
from ntp_lib.companion.reproduction.run import Run
from ntp_lib.companion.reproduction.run_report import staleness
from ntp_lib.companion.reproduction.runs import load_run
from ntp_lib.companion.reproduction.workers import run_jobs
from ntp_lib.companion.reproduction.workspaces import require_writable, sweep

CELL_TIMEOUT = 600


def destinations(
    project: Project, notebooks: Sequence[str], overrides: Mapping[str, Value], out: Path | None
) -> dict[str, Path]:
    """Where runs go: other parameters and other folders never touch the runs the book is made of.

    A run with other parameters has a folder named by them, so none can be mistaken for another.

    Args:
        project: the project.
        notebooks: names of the notebooks.
        overrides: parameters that differ from the defaults.
        out: a folder chosen by the user: the run itself, or one level above where there are several.

    Returns:
        The run folder of every notebook.
    """
    if out is not None and len(notebooks) == 1:
        return {notebooks[0]: out.resolve()}
    if overrides and out is None:
        return {notebook: project.custom / f"{notebook}-{digest_of(overrides)}" for notebook in notebooks}
    parent = out.resolve() if out is not None else project.runs
    return {notebook: parent / notebook for notebook in notebooks}


def figure_destination(project: Project, figure: str, overrides: Mapping[str, Value]) -> Path:
    """Where an execution goes that ends with a figure."""
    return project.figures / (f"{figure}-{digest_of(overrides)}" if overrides else figure)


def current_run(project: Project, notebook: str, overrides: Mapping[str, Value]) -> Path | None:
    """The folder of the complete run with these parameters, where its inputs are as they were."""
    folder = destinations(project, [notebook], overrides, None)[notebook]
    run = _earlier(folder, until="")
    return folder if run and not _changes(project, run, folder, overrides) else None


def run_notebooks(
    project: Project,
    folders: Mapping[str, Path],
    *,
    overrides: Mapping[str, Value] | None = None,
    fresh: bool = False,
    jobs: int | None = None,
    timeout: int = CELL_TIMEOUT,
    until: str = "",
    environment: Mapping[str, str] | None = None,
) -> list[Outcome]:
    """Brings the runs of notebooks up to date.

    Args:
        project: the project.
        folders: the run folder of every notebook, as `destinations` gives them.
        overrides: parameters that differ from the defaults, for a single notebook.
        fresh: execute even where a current run exists.
        jobs: notebooks at a time; one per core by default.
        timeout: seconds that a cell may take.
        until: a figure with whose recording the execution of its notebook ends.
        environment: variables for the kernels alone; they go before those that the pipeline sets.

    Returns:
        One outcome per notebook, in the order given.

    Raises:
        RequestError: a notebook is unknown, a destination holds something else, or no kernel could find the
            project's modules.
        ReproductionError: a destination may not be written into.
    """
    _require_searchable(project)
    sweep(project, folders.values())
    due: list[tuple[float, Job]] = []
    for notebook, destination in folders.items():
        earlier = _earlier(destination, until)
        changes = _changes(project, earlier, destination, overrides) if earlier else []
        if fresh or changes or earlier is None:
            require_replaceable(destination, ours=is_ours(project, destination))
            inputs = current_inputs(project, notebook, overrides)
            job = Job(project, notebook, inputs, destination, timeout, until, tuple(changes), environment or {})
            due.append((earlier.seconds if earlier else float("inf"), job))
    for shop in {workshop(project, job.destination) for _, job in due}:
        require_writable(shop)
    # The longest first, so that no long one is left to run alone.
    planned = [job for _, job in sorted(due, key=lambda item: -item[0])]
    outcomes = {outcome.notebook: outcome for outcome in _execute(project, planned, jobs or _cores())}
    return [outcomes.get(notebook, Outcome(notebook, executed=False)) for notebook in folders]


def _require_searchable(project: Project) -> None:
    if os.pathsep in str(project.root):
        raise RequestError(
            f"{project.root}: a path that holds {os.pathsep!r} cannot be given to a kernel in "
            "PYTHONPATH, so another copy of the library might run; move the project"
        )


def _changes(project: Project, run: Run, folder: Path, overrides: Mapping[str, Value] | None) -> list[str]:
    """Why a run has to be made again, one phrase each."""
    return [*staleness(project, run.notebook, run, overrides), *alterations(folder, run)]


def _earlier(destination: Path, until: str) -> Run | None:
    try:
        return load_run(destination, until=until)
    except ReproductionError:
        # An unreadable record is as good as none: the run is made again.
        return None


def _execute(project: Project, planned: Sequence[Job], processes: int) -> list[Outcome]:
    if not planned:
        return []
    total = sum(len(code_cells(project.notebook(job.notebook))) for job in planned)
    title = planned[0].notebook if len(planned) == 1 else f"{len(planned)} notebooks"
    with tqdm(total=total, desc=title, unit="cell") as bar:

        def advance(done: int) -> None:
            if done > bar.n:
                bar.update(min(done, total) - bar.n)

        return run_jobs(planned, processes=processes, on_progress=advance)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
