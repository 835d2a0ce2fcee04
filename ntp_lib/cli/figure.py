"""`ntp figure`."""

from __future__ import annotations

import click

from ntp_lib.cli.main import current_project
from ntp_lib.cli.outcomes import execution_options, report
from ntp_lib.reproduction.execution import destinations, run_notebooks
from ntp_lib.reproduction.manifest import load_manifest
from ntp_lib.reproduction.parameters import parse_overrides
from ntp_lib.reproduction.runs import figure_file

SUFFIXES = ("svg", "dark.svg", "png", "csv")


@click.command("figure")
@click.argument("figure")
@execution_options
@click.pass_context
def figure_command(
    context: click.Context, figure: str, assignments: tuple[str, ...], fresh: bool, timeout: int
) -> None:
    """Regenerate FIGURE (SVG, PNG and CSV) and compare it with its reference.

    With -p a difference is expected: the verdict names the columns that differ, and a check that does not
    hold stops nothing.
    """
    project = current_project(context)
    manifest = load_manifest(project)
    entry = manifest.figure(figure)
    overrides = parse_overrides(project.notebook(entry.notebook), assignments)
    folders = destinations(project, [entry.notebook], overrides, None)
    (outcome,) = run_notebooks(project, folders, overrides=overrides, fresh=fresh, timeout=timeout)
    folder = folders[entry.notebook]
    files = [figure_file(folder, figure, suffix) for suffix in SUFFIXES]
    good = report(project, manifest, outcome, [entry], folder, files=files)
    context.exit(0 if good else 1)
