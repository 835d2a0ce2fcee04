"""`ntp claims`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from ntp_lib.companion.cli.main import current_project
from ntp_lib.companion.reproduction.claims import ClaimResult, judge_claims
from ntp_lib.companion.reproduction.ledger import load_ledger
from ntp_lib.companion.reproduction.run_report import report_runs
from ntp_lib.companion.reproduction.wording import aligned

HEADINGS = ("claim", "state", "checks held", "verdict")


@click.command("claims")
@click.option("--all-details", is_flag=True, help="Statement, place and every check of each claim as well.")
@click.pass_context
def claims_command(context: click.Context, all_details: bool) -> None:
    """Judge the ledger: every claim, its checks, its state; execute nothing."""
    project = current_project(context)
    report = judge_claims(load_ledger(project), report_runs(project))
    for line in aligned([HEADINGS, *(_row(result) for result in report.claims)]):
        click.echo(line)
    for result in report.claims:
        if all_details or not result.ok:
            click.echo(f"\n{result}")
        for line in _details(result) if all_details else ():
            click.echo(f"    {line}")
    click.echo()
    for problem in report.problems:
        click.echo(f"✗ {problem}")
    green = sum(result.ok for result in report.claims)
    click.echo(f"{'✓' if report.ok else '✗'} {green} of {len(report.claims)} claims supported")
    context.exit(int(not report.ok))


def _row(result: ClaimResult) -> tuple[str, ...]:
    held = f"{result.held} of {len(result.supports)}"
    return (result.claim.id, result.claim.state.value, held, "✓ supported" if result.ok else "✗ not supported")


def _details(result: ClaimResult) -> Iterator[str]:
    claim = result.claim
    yield " ".join(claim.statement.split())
    yield f"paper: {claim.paper or 'not there, the book has it'}; book: label {claim.label}"
    yield f"assumes: {'; '.join(claim.assumptions) or 'nothing'}"
    for support in result.supports:
        if support.check is not None and not support.problem:
            yield f"{support.check}: {support.check.reason}"
