"""`ntp verify`."""

from __future__ import annotations

import click

from ntp_lib.companion.cli.main import current_project
from ntp_lib.companion.portability.standing import standing
from ntp_lib.companion.portability.wording import describe_standing
from ntp_lib.companion.reproduction.verification import verify
from ntp_lib.companion.reproduction.wording import describe_figure


@click.command("verify")
@click.pass_context
def verify_command(context: click.Context) -> None:
    """Judge every figure, run, notebook source and claim as they lie; execute nothing."""
    project = current_project(context)
    report = verify(project)
    elsewhere = standing(project, report.manifest, report.runs)
    for figure in report.figures:
        click.echo(describe_figure(figure))
    for problem in report.problems:
        click.echo(str(problem))
    if report.note:
        click.echo(report.note)
    claims = report.ledger.claims if report.ledger else ()
    for claim in claims:
        if not claim.ok:
            click.echo(str(claim))
    click.echo(describe_standing(elsewhere))
    agreeing = sum(figure.ok for figure in report.figures)
    summary = f"{agreeing} of {len(report.figures)} figures verified, checks recorded: {report.checks}"
    if claims:
        summary += f", claims supported: {sum(claim.ok for claim in claims)} of {len(claims)}"
    if report.ok and not elsewhere.problems:
        click.echo(f"✓ {summary}")
        return
    click.echo(f"✗ {summary}, other problems: {len(report.problems) + len(elsewhere.problems)}")
    context.exit(1)
