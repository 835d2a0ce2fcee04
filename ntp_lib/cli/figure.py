"""`ntp figure`."""

from __future__ import annotations

import click

from ntp_lib.cli.main import current_project
from ntp_lib.cli.outcomes import execution_options, exit_code, report_figures, report_outcome, say_waiting
from ntp_lib.reproduction.execution import destinations, run_notebooks
from ntp_lib.reproduction.locks import alone
from ntp_lib.reproduction.manifest import load_manifest
from ntp_lib.reproduction.parameters import parse_overrides
from ntp_lib.reproduction.runs import figure_file, load_run

SUFFIXES = ("svg", "dark.svg", "png", "csv")


@click.command("figure")
@click.argument("figure")
@execution_options
@click.pass_context
def figure_command(
    context: click.Context, figure: str, assignments: tuple[str, ...], fresh: bool, timeout: int
) -> None:
    """Regenerate FIGURE (SVG, PNG and CSV) and compare it with its reference.

    With -p a difference is expected: the verdict names the columns that differ.
    """
    project = current_project(context)
    manifest = load_manifest(project)
    entry = manifest.figure(figure)
    overrides = parse_overrides(project.notebook(entry.notebook), assignments)
    folders = destinations(project, [entry.notebook], overrides, None)
    context.with_resource(alone(project, folders.values(), say_waiting))
    (outcome,) = run_notebooks(project, folders, overrides=overrides, fresh=fresh, timeout=timeout)
    folder = folders[entry.notebook]
    if not report_outcome(outcome, folder, project):
        context.exit(1)
    for suffix in SUFFIXES:
        click.echo(f"    {project.relative(figure_file(folder, figure, suffix))}")
    results = report_figures(project, manifest, [entry], folder, load_run(folder))
    context.exit(exit_code(results, overrides))
