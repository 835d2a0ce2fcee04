"""`ntp list`."""

from __future__ import annotations

import click

from ntp_lib.companion.cli.main import current_project
from ntp_lib.companion.reproduction.manifest import FigureEntry, load_manifest
from ntp_lib.companion.reproduction.parameters import notebook_parameters


@click.command("list")
@click.pass_context
def list_command(context: click.Context) -> None:
    """Notebooks, their figures and their parameters with types and defaults."""
    project = current_project(context)
    manifest = load_manifest(project)
    for name in project.notebook_names():
        click.secho(name, bold=True)
        for entry in manifest.of_notebook(name):
            click.echo(f"  {entry.id:<24} {_title(entry)}")
        for parameter in notebook_parameters(project.notebook(name)).values():
            click.echo(f"  -p {parameter!s:<40} {parameter.help}".rstrip())
        click.echo()
    click.echo("Next: ntp run NOTEBOOK, or ntp figure FIGURE -p name=value")


def _title(entry: FigureEntry) -> str:
    return f"{entry.title} ({entry.paper} of the paper)" if entry.paper else entry.title
