"""`ntp run`."""

from __future__ import annotations

from pathlib import Path

import click

from ntp_lib.companion.cli.main import current_project
from ntp_lib.companion.cli.outcomes import execution_options, report, say_waiting
from ntp_lib.companion.reproduction.execution import destinations, run_notebooks
from ntp_lib.companion.reproduction.locks import alone
from ntp_lib.companion.reproduction.manifest import load_manifest
from ntp_lib.companion.reproduction.parameters import parse_overrides


@click.command("run")
@click.argument("notebook", required=False)
@click.option("--all", "everything", is_flag=True, help="Every notebook, several at a time.")
@execution_options
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the run instead: a new one, an empty one, or an earlier run; anything else is refused.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Notebooks at a time; one per core by default.")
@click.pass_context
def run_command(
    context: click.Context,
    notebook: str | None,
    everything: bool,
    assignments: tuple[str, ...],
    out: Path | None,
    fresh: bool,
    jobs: int | None,
    timeout: int,
) -> None:
    """Execute NOTEBOOK, or all with --all, where its run is missing or outdated.

    Ends with yours against reference for every figure. With -p or --out the run goes to a folder of its
    own and the book's runs stay as they are. With -p a check that does not hold stops nothing: the checks
    that no longer hold are listed at the end.
    """
    project = current_project(context)
    if everything == (notebook is not None):
        raise click.UsageError(f"give one notebook or --all. Notebooks: {', '.join(project.notebook_names())}")
    if everything and assignments:
        raise click.UsageError("-p needs one notebook: parameters belong to a notebook")
    manifest = load_manifest(project)
    names = project.notebook_names() if notebook is None else [project.notebook(notebook).stem]
    overrides = parse_overrides(project.notebook(names[0]), assignments) if assignments else {}
    folders = destinations(project, names, overrides, out)
    context.with_resource(alone(project, folders.values(), say_waiting))
    outcomes = run_notebooks(project, folders, overrides=overrides, fresh=fresh, jobs=jobs, timeout=timeout)
    good = [
        report(project, manifest, outcome, manifest.of_notebook(outcome.notebook), folders[outcome.notebook])
        for outcome in outcomes
    ]
    if failed := [outcome.notebook for outcome in outcomes if outcome.failure is not None]:
        click.echo(f"{len(failed)} of {len(outcomes)} notebooks failed: {', '.join(failed)}", err=True)
    context.exit(0 if all(good) else 1)
