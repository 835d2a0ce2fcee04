"""What `run` and `figure` share: options, the execution, yours against reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ntp_lib.reproduction.execution import CELL_TIMEOUT
from ntp_lib.reproduction.judgement import FigureResult, judge_run
from ntp_lib.reproduction.kernel import Outcome
from ntp_lib.reproduction.manifest import FigureEntry, Manifest
from ntp_lib.reproduction.parameters import Value
from ntp_lib.reproduction.project import Project
from ntp_lib.reproduction.runs import Run, load_run
from ntp_lib.reproduction.wording import describe_figure

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
    """Says why nothing happens: two commands never work on one run at the same time."""
    click.echo(f"waiting for another command that works on {destination} (Ctrl-C gives up)", err=True)


def report_outcome(outcome: Outcome, folder: Path, project: Project) -> bool:
    """Prints what became of an execution; True where its run is in place."""
    if outcome.failure is not None:
        click.echo(str(outcome.failure), err=True)
        return False
    run = load_run(folder)
    assert run is not None
    how = f"executed in {run.seconds:.1f} s" if outcome.executed else "unchanged, not executed again"
    checks = f", checks held: {len(run.checks)}" if run.checks else ""
    click.echo(f"✓ {outcome.notebook}: {how}{checks} ({project.relative(folder)})")
    return True


def report_figures(
    project: Project, manifest: Manifest, entries: Sequence[FigureEntry], folder: Path, run: Run | None
) -> list[FigureResult]:
    """Prints yours against reference for figures of one run.

    Args:
        project: The project.
        manifest: Its manifest.
        entries: The figures.
        folder: The run's folder.
        run: The run.

    Returns:
        The results.
    """
    results = [judge_run(project, manifest, entry, run, folder) for entry in entries]
    for result in results:
        click.echo(describe_figure(result))
    return results


def exit_code(results: Sequence[FigureResult], overrides: Mapping[str, Value]) -> int:
    """1 where a figure is not as it should be; with other parameters a difference is expected."""
    return int(not overrides and not all(result.ok for result in results))
