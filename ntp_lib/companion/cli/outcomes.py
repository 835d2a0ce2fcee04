"""What `run` and `figure` share: options, the execution, yours against reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ntp_lib.companion.reproduction.checks import Check
from ntp_lib.companion.reproduction.environment import lock_note
from ntp_lib.companion.reproduction.execution import CELL_TIMEOUT
from ntp_lib.companion.reproduction.judgement import FigureResult, State, judge_run
from ntp_lib.companion.reproduction.kernel import Outcome
from ntp_lib.companion.reproduction.manifest import FigureEntry, Manifest
from ntp_lib.companion.reproduction.partial import Partial
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run import Run
from ntp_lib.companion.reproduction.runs import load_run
from ntp_lib.companion.reproduction.wording import SHOWN, describe_checks, describe_figure

Command = TypeVar("Command", bound=Callable[..., Any])


def execution_options(command: Command) -> Command:
    """The options of every command that executes notebooks."""
    parameter = click.option(
        "-p",
        "assignments",
        multiple=True,
        metavar="NAME=VALUE",
        help="Another value for a parameter; may be repeated.",
    )
    fresh = click.option("--fresh", is_flag=True, help="Execute even where a current run exists.")
    timeout = click.option(
        "--timeout",
        type=click.IntRange(min=1),
        default=CELL_TIMEOUT,
        show_default=True,
        help="Seconds that a cell may take.",
    )
    return parameter(fresh(timeout(command)))


def say_waiting(destination: Path) -> None:
    """Say why nothing happens: two commands never work on one run at the same time."""
    click.echo(f"waiting for another command that works on {destination} (Ctrl-C gives up)", err=True)


def report(
    project: Project,
    manifest: Manifest,
    outcome: Outcome,
    entries: Sequence[FigureEntry],
    folder: Path,
    *,
    files: Sequence[Path] = (),
    until: str = "",
) -> bool:
    """Print what became of an execution: yours against reference, then the checks that no longer hold.

    Args:
        project: the project.
        manifest: its manifest.
        outcome: the outcome.
        entries: the figures asked for.
        folder: the run's folder.
        files: files of the run to name.
        until: the figure with which the execution ended; empty for a complete run.

    Returns:
        Whether everything is as it should be. With other parameters that is: the notebook went through and
        every figure is there; its data and the checks may differ.
    """
    if outcome.failure is not None:
        click.echo(str(outcome.failure), err=True)
        if outcome.partial is not None:
            _report_partial(project, manifest, outcome.partial, entries)
        return False
    run = load_run(folder, until=until)
    assert run is not None
    _report_run(project, outcome, run, folder)
    for file in filter(Path.is_file, files):
        click.echo(f"    {project.relative(file)}")
    results = report_figures(project, manifest, entries, folder, run)
    _report_checks(run.checks)
    if note := lock_note(project, run.packages):
        click.echo(note, err=True)
    if run.overrides:
        return all(result.state not in (State.NOT_RECORDED, State.ALTERED) for result in results)
    return all(result.ok for result in results)


def report_figures(
    project: Project,
    manifest: Manifest,
    entries: Sequence[FigureEntry],
    folder: Path,
    run: Run | Partial,
) -> list[FigureResult]:
    """Print yours against reference for figures of one run."""
    results = [judge_run(project, manifest, entry, run, folder) for entry in entries]
    for result in results:
        click.echo(describe_figure(result))
    return results


def _report_run(project: Project, outcome: Outcome, run: Run, folder: Path) -> None:
    upto = f" up to {run.until}" if run.until else ""
    how = f"executed{upto} in {run.seconds:.1f} s" if outcome.executed else "unchanged, not executed again"
    if outcome.because:
        more = f" and {len(outcome.because) - SHOWN} more" if len(outcome.because) > SHOWN else ""
        click.echo(f"  its earlier run was outdated: {'; '.join(outcome.because[:SHOWN])}{more}")
    held = sum(not check.problem for check in run.checks)
    share = f"{held}" if held == len(run.checks) else f"{held} of {len(run.checks)}"
    checks = f", checks held: {share}" if run.checks else ""
    click.echo(f"✓ {outcome.notebook}: {how}{checks} ({project.relative(folder)})")


def _report_partial(
    project: Project, manifest: Manifest, partial: Partial, entries: Sequence[FigureEntry]
) -> None:
    """What there is of a run in which a cell failed; the figures that there are not are named."""
    for error in partial.errors[1:]:
        click.echo(f"  the cells after it were executed too; {error}", err=True)
    recorded = [entry for entry in entries if entry.id in partial.figures]
    if recorded:
        click.echo(f"recorded all the same ({project.relative(partial.folder)}):")
        report_figures(project, manifest, recorded, partial.folder, partial)
    if missing := [entry.id for entry in entries if entry.id not in partial.figures]:
        click.echo(f"✗ not recorded: {', '.join(missing)}")
    _report_checks(partial.checks)


def _report_checks(checks: Sequence[Check]) -> None:
    for line in describe_checks(checks):
        click.echo(line)
