"""One notebook executed in a kernel of its own; the function that worker processes run."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from ntp_lib.companion.reproduction.checks import Check
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.failures import Failure, describe
from ntp_lib.companion.reproduction.inputs import Inputs, current_inputs, sources
from ntp_lib.companion.reproduction.locks import workshop
from ntp_lib.companion.reproduction.manifest import load_manifest
from ntp_lib.companion.reproduction.own_kernel import kernel_environment, own_kernel
from ntp_lib.companion.reproduction.parameters import notebook_parameters
from ntp_lib.companion.reproduction.partial import Partial, drop_partial, keep_partial
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run import RecordedFigure, Run
from ntp_lib.companion.reproduction.runs import NOTEBOOK_FILE, save_run
from ntp_lib.companion.reproduction.session import RECORDS, Session
from ntp_lib.companion.reproduction.testimony import TESTIMONY_FILE, load_testimony, observed_inputs
from ntp_lib.companion.reproduction.workspaces import Workspace, publish, workspace

LOG_FILE = "log"


@dataclass(frozen=True)
class Job:
    """One execution asked for.

    Attributes:
        project: the project.
        notebook: name of the notebook.
        inputs: what the run depends on, as found when it was asked for.
        destination: folder of the finished run.
        timeout: seconds that a cell may take.
        until: a figure with whose recording the execution ends; empty where all cells are executed.
        because: what changed since the earlier run, one phrase each.
        environment: variables for the kernel; they go before those that the pipeline sets.
    """

    project: Project
    notebook: str
    inputs: Inputs
    destination: Path
    timeout: int
    until: str = ""
    because: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of a job: the run is in place, or the failure says why not and the partial run what there is.

    Where an earlier run was replaced, `because` says what had changed since.
    """

    notebook: str
    executed: bool
    failure: Failure | None = None
    partial: Partial | None = None
    because: tuple[str, ...] = ()


def execute(job: Job, on_cell: Callable[[], None] = lambda: None) -> Outcome:
    """Execute a notebook and put the complete run in place, or keep the partial notebook.

    Args:
        job: what to execute.
        on_cell: called after each code cell.

    Returns:
        The outcome; a failing notebook is an outcome, not an exception.
    """
    begun: list[int] = []
    try:
        with workspace(workshop(job.project, job.destination), job.notebook) as space:
            try:
                _execute_in(job, space, on_cell, begun)
                publish(job.project, space.run, job.destination)
            except Exception as error:
                return _failed(job, space, error, begun)
    # Whatever happens belongs into the report of this notebook; the others go on.
    except Exception as error:
        failure = describe(job.notebook, error)
        return Outcome(job.notebook, executed=True, failure=failure, because=job.because)
    drop_partial(job.project, job.notebook)
    return Outcome(job.notebook, executed=True, because=job.because)


def _failed(job: Job, space: Workspace, error: Exception, begun: list[int]) -> Outcome:
    position = len(begun) - 1 if begun and not isinstance(error, ReproductionError) else None
    if (failed := getattr(error, "cell_index", None)) in begun:
        position = begun.index(failed)
    failure = describe(
        job.notebook, error, partial=space.run / NOTEBOOK_FILE, position=position, log=space.folder / LOG_FILE
    )
    partial = keep_partial(job.project, job.notebook, space.run)
    failure = replace(failure, kept=partial.notebook)
    return Outcome(job.notebook, executed=True, failure=failure, partial=partial, because=job.because)


def _execute_in(job: Job, space: Workspace, on_cell: Callable[[], None], begun: list[int]) -> None:
    import papermill

    from ntp_lib.companion.reproduction.engine import ENGINE, Watch

    folder = space.run
    # papermill warns of parameter lines that its own reader cannot take; ours has read them already.
    logging.getLogger("papermill").setLevel(logging.ERROR)
    session = Session(folder)
    listed = {
        name: {"notebook": entry.notebook, "key": list(entry.key)}
        for name, entry in load_manifest(job.project).figures.items()
    }
    session.begin(
        root=job.project.root,
        notebook=job.notebook,
        listed=listed,
        other_parameters=bool(job.inputs.overrides),
    )
    source = job.project.notebook(job.notebook)
    started, begin, modules = datetime.now(UTC), time.monotonic(), sources(job.project)
    watch = Watch(
        root=job.project.root,
        testimony=folder / TESTIMONY_FILE,
        enough=lambda: job.until in session.records()["figures"],
        # With other parameters the pictures are wanted that do not need what a cell failed to make.
        goes_on=bool(job.inputs.overrides),
    )
    environment = _environment({**kernel_environment(job.project, space), **job.environment})
    with environment, _stderr_to(space.folder / LOG_FILE):
        papermill.execute_notebook(
            str(source),
            str(folder / NOTEBOOK_FILE),
            parameters=dict(job.inputs.overrides),
            engine_name=ENGINE,
            watch=watch,
            cwd=str(job.project.notebooks),
            progress_bar=False,
            execution_timeout=job.timeout,
            on_cell_execute=lambda cell, cell_index: begun.append(cell_index),
            on_cell_executed=lambda **_: on_cell(),
            **own_kernel(space),
        )
    seconds = time.monotonic() - begin
    _strip_papermill(folder / NOTEBOOK_FILE)
    records = session.records()
    _require_unchanged(job)
    testimony = load_testimony(folder)
    inputs = observed_inputs(job.project, job.inputs, testimony, modules)
    defaults = {name: parameter.default for name, parameter in notebook_parameters(source).items()}
    run = Run(
        notebook=job.notebook,
        key=inputs.key,
        inputs=inputs.files,
        seen=inputs.seen,
        names=inputs.names,
        parameters={**defaults, **job.inputs.overrides},
        overrides=job.inputs.overrides,
        python=inputs.python,
        packages=inputs.packages,
        started=started.isoformat(timespec="seconds"),
        seconds=round(seconds, 2),
        figures={name: RecordedFigure(**figure) for name, figure in records["figures"].items()},
        checks=tuple(Check(**check) for check in records["checks"]),
        until=job.until,
        arithmetic=testimony.arithmetic,
    )
    (folder / RECORDS).unlink()
    save_run(run, folder)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _stderr_to(path: Path) -> Iterator[None]:
    """Send the chatter of the kernel and of papermill to a file, of which a report may quote."""
    before = os.dup(2)
    with path.open("wb") as log:
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def _require_unchanged(job: Job) -> None:
    now = current_inputs(job.project, job.notebook, job.inputs.overrides)
    if changes := now.changes_since(job.inputs):
        raise ReproductionError(f"inputs changed during the run ({'; '.join(changes)}); run it again")


def _strip_papermill(path: Path) -> None:
    """Drop papermill's notes, which hold absolute paths and differ from run to run."""
    document = json.loads(path.read_text(encoding="utf-8"))
    for part in (document, *document["cells"]):
        part["metadata"].pop("papermill", None)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
