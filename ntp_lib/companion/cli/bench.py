"""`ntp bench`."""

from __future__ import annotations

from pathlib import Path

import click

from ntp_lib.companion.cli.main import current_project
from ntp_lib.companion.reproduction.errors import RequestError
from ntp_lib.companion.reproduction.wording import aligned

REPEATS, PEER_LIMIT, BUDGET = 5, 12.0, 10.0
SMOKE_REPEATS, SMOKE_PEER_LIMIT, SMOKE_BUDGET = 2, 10.0, 2.0
HEADINGS = ("what", "contenders", "target", "measured (min–median–max)", "verdict")


@click.command("bench")
@click.option("--smoke", is_flag=True, help="Tiny problems through the same code, to see that it works.")
@click.option("--only", "topics", multiple=True, metavar="TOPIC", help="One topic; may be repeated.")
@click.option("--repeats", type=click.IntRange(min=1), help=f"Attempts per contender; {REPEATS} by default.")
@click.option(
    "--peer-limit",
    type=click.FloatRange(min=0.1),
    help=f"Seconds that one attempt of a peer may take; {PEER_LIMIT:g} by default.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File for the report.")
@click.option("--fresh", is_flag=True, help="Measure again what an interrupted run has measured.")
@click.pass_context
def bench_command(
    context: click.Context,
    smoke: bool,
    topics: tuple[str, ...],
    repeats: int | None,
    peer_limit: float | None,
    out: Path | None,
    fresh: bool,
) -> None:
    """Measure this library beside its peers and write a report (JSON).

    A whole run replaces notebooks/measured/benchmarks.json, which the book's page is made from. A smoke run and
    a run of some topics stay in _build/bench unless --out says otherwise. An interrupted run goes on where it was.
    """
    from ntp_lib.companion.benchmarks.bench import missing_cases, require_topics, run_benchmarks
    from ntp_lib.companion.benchmarks.storage import save_report
    from ntp_lib.companion.benchmarks.targets import judge_targets

    project = current_project(context)
    names = require_topics(topics)
    committed = project.measured / "benchmarks.json"
    if smoke and out is not None and out.resolve() == committed.resolve():
        raise RequestError(f"{project.relative(committed)} holds whole runs; a smoke run goes elsewhere")
    usual = (SMOKE_REPEATS, SMOKE_PEER_LIMIT, SMOKE_BUDGET) if smoke else (REPEATS, PEER_LIMIT, BUDGET)
    working = project.build / "bench" / f"{'smoke' if smoke else 'full'}.json"
    command = _command(smoke, repeats, peer_limit)
    report = run_benchmarks(
        "smoke" if smoke else "full",
        repeats or usual[0],
        peer_limit or usual[1],
        usual[2],
        topics=names,
        working=working,
        command=command,
        fresh=fresh,
        say=click.echo,
    )
    rows = [result.row() for result in judge_targets(report)]
    for line in aligned([HEADINGS, *rows]):
        click.echo(line)
    left = missing_cases(report)
    destination = out or (working if smoke or left else committed)
    if destination != working:
        save_report(report, destination)
    if left:
        click.echo(f"{len(left)} cases of a whole run are not measured yet; the first is {left[0]}")
    click.echo(f"→ {project.relative(destination)} ({len(report.cases)} cases)")


def _command(smoke: bool, repeats: int | None, peer_limit: float | None) -> str:
    parts = ["ntp bench", "--smoke" if smoke else ""]
    parts += [f"--repeats {repeats}" if repeats else "", f"--peer-limit {peer_limit:g}" if peer_limit else ""]
    return " ".join(part for part in parts if part)
