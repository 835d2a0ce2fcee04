"""`ntp accept`."""

from __future__ import annotations

import click

from ntp_lib.companion.cli.main import current_project
from ntp_lib.companion.reproduction.acceptance import accept, propose
from ntp_lib.companion.reproduction.judgement import State
from ntp_lib.companion.reproduction.manifest import load_manifest
from ntp_lib.companion.reproduction.wording import describe_figure


@click.command("accept")
@click.argument("figures", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every figure of the manifest.")
@click.pass_context
def accept_command(context: click.Context, figures: tuple[str, ...], everything: bool) -> None:
    """Make the last run's data the reference of FIGURES, after showing the difference.

    Refuses data that are stale or come from other parameters. Nothing is written unless every figure
    asked for can be accepted.
    """
    project = current_project(context)
    if everything == bool(figures):
        raise click.UsageError("give figures or --all; `ntp list` shows them")
    proposals = [propose(project, figure) for figure in figures or load_manifest(project).figures]
    for proposal in proposals:
        if proposal.state is State.AGREES:
            click.echo(f"{describe_figure(proposal)}; its reference stays as it is")
            continue
        if proposal.state is State.DIFFERS:
            click.echo(describe_figure(proposal))
        accept(project, proposal.figure)
        click.echo(f"→ {project.relative(project.reference(proposal.figure))} written")
    click.echo("Next: ntp verify")
