"""`ntp figure`."""

from __future__ import annotations

import click

from ntp_lib.companion.cli.main import current_project
from ntp_lib.companion.cli.outcomes import execution_options, report, say_waiting
from ntp_lib.companion.reproduction.execution import current_run, figure_destination, run_notebooks
from ntp_lib.companion.reproduction.locks import alone
from ntp_lib.companion.reproduction.manifest import load_manifest
from ntp_lib.companion.reproduction.parameters import parse_overrides
from ntp_lib.companion.reproduction.runs import SUFFIXES, figure_file


@click.command("figure")
@click.argument("figure")
@execution_options
@click.pass_context
def figure_command(
    context: click.Context, figure: str, assignments: tuple[str, ...], fresh: bool, timeout: int
) -> None:
    """Regenerate FIGURE (SVG, PNG and CSV) and compare it with its reference.

    Its notebook is executed up to the cell that records the figure, unless a complete run is current.
    With -p a difference is expected: the verdict names the columns that differ, and a check that does not
    hold stops nothing.
    """
    project = current_project(context)
    manifest = load_manifest(project)
    entry = manifest.figure(figure)
    overrides = parse_overrides(project.notebook(entry.notebook), assignments)
    complete = None if fresh else current_run(project, entry.notebook, overrides)
    folder = complete or figure_destination(project, figure, overrides)
    context.with_resource(alone(project, [folder], say_waiting))
    (outcome,) = run_notebooks(
        project,
        {entry.notebook: folder},
        overrides=overrides,
        fresh=fresh,
        timeout=timeout,
        until="" if complete else figure,
    )
    files = [figure_file(folder, figure, suffix) for suffix in SUFFIXES]
    good = report(project, manifest, outcome, [entry], folder, files=files, until="" if complete else figure)
    context.exit(0 if good else 1)
