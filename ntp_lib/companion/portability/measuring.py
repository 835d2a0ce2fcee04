"""Executing the notebooks under every setting; what is finished is kept, notebook by notebook."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ntp_lib.companion.benchmarks.machine import describe_machine
from ntp_lib.companion.portability.records import (
    FigureRecord,
    NotebookRecord,
    PortabilityReport,
    SettingRecord,
    made_from,
)
from ntp_lib.companion.portability.settings import Setting, deviation, require_runnable
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.execution import CELL_TIMEOUT, run_notebooks
from ntp_lib.companion.reproduction.judgement import judge_run
from ntp_lib.companion.reproduction.kernel import Outcome
from ntp_lib.companion.reproduction.manifest import FigureEntry, Manifest, load_manifest
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run import Run
from ntp_lib.companion.reproduction.run_report import report_run
from ntp_lib.companion.reproduction.runs import load_run


def measure(
    project: Project,
    settings: Sequence[Setting],
    notebooks: Sequence[str],
    *,
    command: str,
    fresh: bool = False,
    jobs: int | None = None,
    timeout: int = CELL_TIMEOUT,
    say: Callable[[str], object] = print,
) -> PortabilityReport:
    """Execute notebooks under settings, in folders of their own, and compare every figure.

    Args:
        project: the project.
        settings: ways to compute; tried in a small process each before anything is executed.
        notebooks: Names.
        command: as recorded.
        fresh: execute again what an earlier call has finished.
        jobs: notebooks at a time; by default as many as leave a core to each thread.
        timeout: seconds that a cell may take.
        say: told what comes next.

    Raises:
        RequestError: this machine cannot compute so.
        ReproductionError: a notebook's kernel computed otherwise than asked.
    """
    for setting in settings:
        require_runnable(setting)
    manifest = load_manifest(project)
    records = []
    for position, setting in enumerate(settings, start=1):
        say(f"{position} of {len(settings)}: {setting}")
        folders = {name: project.build / "portability" / setting.id / name for name in notebooks}
        for folder in folders.values():
            _discard_of_other_arithmetic(setting, folder)
        at_once = jobs or max(1, _cores() // setting.threads)
        outcomes = run_notebooks(
            project, folders, fresh=fresh, jobs=at_once, timeout=timeout, environment=setting.environment
        )
        found = {
            outcome.notebook: _notebook(project, manifest, setting, outcome, folders[outcome.notebook])
            for outcome in outcomes
        }
        records.append(SettingRecord(setting, found))
    return PortabilityReport(
        # How many threads a BLAS would take by itself is of no interest here: the settings say it.
        machine={name: value for name, value in describe_machine().items() if name != "blas"},
        versions=_versions(project, settings, notebooks),
        command=command,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        settings=tuple(records),
    )


def _discard_of_other_arithmetic(setting: Setting, folder: Path) -> None:
    """A finished run is kept only where it computed as asked; its folder belongs to this command alone."""
    try:
        run = load_run(folder)
    except ReproductionError:
        run = None
    if run is not None and _computed_otherwise(setting, run):
        shutil.rmtree(folder)


def _computed_otherwise(setting: Setting, run: Run) -> str:
    """A notebook without figures and checks has nothing to tell."""
    return deviation(setting, run.arithmetic) if run.figures or run.checks else ""


def _cores() -> int:
    return int(describe_machine()["cores"])


def _notebook(
    project: Project, manifest: Manifest, setting: Setting, outcome: Outcome, folder: Path
) -> NotebookRecord:
    run = load_run(folder) if outcome.failure is None else None
    files = {**run.inputs, **run.seen} if run else report_run(project, outcome.notebook).files
    inputs = made_from(project, manifest, outcome.notebook, files)
    if run is None:
        failure = outcome.failure
        words = f"{failure.cell}: {failure.error}".removeprefix(": ") if failure else "its run vanished"
        return NotebookRecord(inputs, "", 0.0, {}, 0, 0, words, {})
    if problem := _computed_otherwise(setting, run):
        raise ReproductionError(f"{outcome.notebook}, {problem}")
    return NotebookRecord(
        made_from=inputs,
        started=run.started,
        seconds=run.seconds,
        arithmetic=run.arithmetic,
        checks=len(run.checks),
        held=sum(not check.problem for check in run.checks),
        failure="",
        figures={
            entry.id: _figure(project, manifest, entry, run, folder)
            for entry in manifest.of_notebook(outcome.notebook)
        },
    )


def _figure(project: Project, manifest: Manifest, entry: FigureEntry, run: Run, folder: Path) -> FigureRecord:
    result = judge_run(project, manifest, entry, run, folder)
    columns = result.verdict.columns if result.verdict else ()
    nearest = max(columns, key=lambda column: column.used, default=None)
    if nearest is None or nearest.used == 0:
        return FigureRecord(result.state.name, 0.0, "")
    return FigureRecord(result.state.name, nearest.used, nearest.column)


def _versions(project: Project, settings: Sequence[Setting], notebooks: Sequence[str]) -> dict[str, str]:
    for setting in settings:
        for name in notebooks:
            if run := load_run(project.build / "portability" / setting.id / name):
                return {"Python": run.python, **run.packages}
    return {}
