"""One notebook executed in a kernel of its own; the function that worker processes run."""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from ntp_lib.reproduction.checks import Check
from ntp_lib.reproduction.errors import ReproductionError
from ntp_lib.reproduction.failures import Failure, describe
from ntp_lib.reproduction.inputs import Inputs, current_inputs
from ntp_lib.reproduction.manifest import load_manifest
from ntp_lib.reproduction.parameters import notebook_parameters
from ntp_lib.reproduction.project import Project
from ntp_lib.reproduction.runs import NOTEBOOK_FILE, RecordedFigure, Run, save_run
from ntp_lib.reproduction.session import FOLDER_VARIABLE, RECORDS, Session
from ntp_lib.reproduction.workspaces import publish, workspace

LOG_FILE = "log"
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
PACKAGES = (
    "torch",
    "numpy",
    "scipy",
    "pandas",
    "matplotlib",
    "seaborn",
    "cvxpy",
    "clarabel",
    "papermill",
    "nbclient",
    "ipykernel",
)


@dataclass(frozen=True)
class Job:
    """One execution asked for.

    Attributes:
        project: The project.
        notebook: Name of the notebook.
        inputs: What the run depends on, as found when it was asked for.
        destination: Folder of the finished run.
        timeout: Seconds that a cell may take.
        environment: Variables for the kernel; they go before those that the pipeline sets.
    """

    project: Project
    notebook: str
    inputs: Inputs
    destination: Path
    timeout: int
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of a job: the run is in place, or the failure says why not."""

    notebook: str
    executed: bool
    failure: Failure | None = None


def execute(job: Job, on_cell: Callable[[], None] = lambda: None) -> Outcome:
    """Executes a notebook and puts the complete run in place, or keeps the partial notebook.

    Args:
        job: What to execute.
        on_cell: Called after each code cell.

    Returns:
        The outcome; a failing notebook is an outcome, not an exception.
    """
    with workspace(job.project, job.notebook) as (folder, sockets):
        target = folder / NOTEBOOK_FILE
        begun: list[int] = []
        try:
            _execute_in(job, folder, sockets, on_cell, begun)
            publish(job.project, folder, job.destination)
        # Whatever happens inside belongs into the report of this notebook; the others go on.
        except Exception as error:
            kept = _keep(job, target)
            position = len(begun) - 1 if begun and not isinstance(error, ReproductionError) else None
            failed = job.project.failed / f"{job.notebook}.ipynb"
            log = sockets / LOG_FILE
            failure = describe(job.notebook, error, partial=failed, position=position, kept=kept, log=log)
            return Outcome(job.notebook, executed=True, failure=failure)
    (job.project.failed / f"{job.notebook}.ipynb").unlink(missing_ok=True)
    return Outcome(job.notebook, executed=True)


def _execute_in(job: Job, folder: Path, sockets: Path, on_cell: Callable[[], None], begun: list[int]) -> None:
    import papermill
    from traitlets.config import Config

    # papermill warns of parameter lines that its own reader cannot take; ours has read them already.
    logging.getLogger("papermill").setLevel(logging.ERROR)
    session = Session(folder)
    listed = {
        name: {"notebook": entry.notebook, "key": list(entry.key)}
        for name, entry in load_manifest(job.project).figures.items()
    }
    session.begin(root=job.project.root, notebook=job.notebook, listed=listed)
    source = job.project.notebook(job.notebook)
    started, begin = datetime.now(UTC), time.monotonic()
    environment = _environment({**_kernel_environment(job.project, folder, sockets), **job.environment})
    with environment, _stderr_to(sockets / LOG_FILE):
        papermill.execute_notebook(
            str(source),
            str(folder / NOTEBOOK_FILE),
            parameters=dict(job.inputs.overrides),
            kernel_name="python3",
            language="python",
            cwd=str(job.project.notebooks),
            progress_bar=False,
            execution_timeout=job.timeout,
            # Kernels that choose TCP ports at the same time take each other's; sockets in a folder cannot clash.
            config=Config({"KernelManager": {"transport": "ipc", "ip": str(sockets / "k")}}),
            on_cell_execute=lambda cell, cell_index: begun.append(cell_index),
            on_cell_executed=lambda **_: on_cell(),
        )
    seconds = time.monotonic() - begin
    _strip_papermill(folder / NOTEBOOK_FILE)
    records = session.records()
    _require_unchanged(job, records["modules"])
    defaults = {name: parameter.default for name, parameter in notebook_parameters(source).items()}
    run = Run(
        notebook=job.notebook,
        key=job.inputs.key,
        inputs=job.inputs.files,
        parameters={**defaults, **job.inputs.overrides},
        overrides=job.inputs.overrides,
        python=job.inputs.python,
        packages=_versions(),
        started=started.isoformat(timespec="seconds"),
        seconds=round(seconds, 2),
        figures={name: RecordedFigure(**figure) for name, figure in records["figures"].items()},
        checks=tuple(Check(**check) for check in records["checks"]),
        arithmetic=records["arithmetic"],
    )
    save_run(run, folder)
    (folder / RECORDS).unlink()


def _kernel_environment(project: Project, folder: Path, sockets: Path) -> dict[str, str]:
    paths = [str(project.root), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **ONE_THREAD,
        FOLDER_VARIABLE: str(folder),
        "PYTHONPATH": os.pathsep.join(paths),
        # No start-up files of a person's own, and no history file that kernels would fight over.
        "IPYTHONDIR": str(sockets / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


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
    """Sends the chatter of the kernel and of papermill to a file, of which a report may quote."""
    before = os.dup(2)
    with path.open("wb") as log:
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def _require_unchanged(job: Job, loaded: list[str]) -> None:
    if hidden := [module for module in loaded if module not in job.inputs.files]:
        raise ReproductionError(
            f"loaded {hidden[0]}, which no import statement shows; import it by a statement, "
            "or a change in it would go unnoticed"
        )
    now = current_inputs(job.project, job.notebook, job.inputs.overrides)
    if changes := now.changes_since(job.inputs):
        raise ReproductionError(f"inputs changed during the run ({'; '.join(changes)}); run it again")


def _strip_papermill(path: Path) -> None:
    """Drops papermill's notes, which hold absolute paths and differ from run to run."""
    document = json.loads(path.read_text(encoding="utf-8"))
    for part in (document, *document["cells"]):
        part["metadata"].pop("papermill", None)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _keep(job: Job, partial: Path) -> str:
    if not partial.is_file():
        return ""
    job.project.failed.mkdir(parents=True, exist_ok=True)
    kept = job.project.failed / f"{job.notebook}.ipynb"
    shutil.move(partial, kept)
    return job.project.relative(kept)


def _versions() -> dict[str, str]:
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions
