"""`ntp networks`."""

from __future__ import annotations

from pathlib import Path

import click

from ntp_lib.companion.cli.main import current_project
from ntp_lib.companion.reproduction.errors import RequestError, unknown
from ntp_lib.companion.reproduction.wording import aligned

TIME_LIMIT = 120.0
HEADINGS = ("network", "m", "d", "excess", "compatible", "separable", "cosine", "seconds")
VERDICTS = {True: "yes", False: "no", None: "undecided"}


@click.command("networks")
@click.option("--smoke", is_flag=True, help="Tiny networks through the same code, to see that it works.")
@click.option("--only", "names", multiple=True, metavar="NAME", help="One network; may be repeated.")
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0),
    default=TIME_LIMIT,
    show_default=True,
    help="Seconds that the search for a margin may take.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File for the report.")
@click.option("--fresh", is_flag=True, help="Train again what an interrupted call has finished.")
@click.pass_context
def networks_command(
    context: click.Context,
    smoke: bool,
    names: tuple[str, ...],
    time_limit: float,
    out: Path | None,
    fresh: bool,
) -> None:
    """Train transformers of other widths, lengths and slices on text, and keep what is found; some minutes.

    A whole run replaces notebooks/measured/transformer-text.json, which the notebook of that name reads. A smoke
    run and a run of some networks stay in _build/networks unless --out says otherwise. An interrupted call goes on
    where it was.
    """
    from ntp_lib.companion.networks.measuring import train_networks
    from ntp_lib.companion.networks.records import NETWORKS, SMALL_NETWORKS, report_file, save_networks

    project = current_project(context)
    known = [network.name for network in NETWORKS]
    for name in names:
        if name not in known:
            raise RequestError(unknown("network", name, known))
    chosen = [network for network in (SMALL_NETWORKS if smoke else NETWORKS) if network.name in names or not names]
    whole = not smoke and len(chosen) == len(NETWORKS)
    limit = [] if time_limit == TIME_LIMIT else [f"--time-limit {time_limit:g}"]
    parts = ["--smoke"] if smoke else []
    command = " ".join(["ntp networks", *parts, *(f"--only '{name}'" for name in names), *limit])
    working = project.build / "networks" / ("smoke.json" if smoke else "full.json")
    report = train_networks(
        chosen, working=working, command=command, time_limit=time_limit, fresh=fresh, say=click.echo
    )
    destination = out or (report_file(project) if whole else working)
    if destination != working:
        save_networks(report, destination)
    rows = [
        (
            outcome.network.name,
            str(outcome.contexts),
            str(outcome.network.dim),
            f"{outcome.excess_loss:.1e}",
            VERDICTS[outcome.compatible],
            VERDICTS[outcome.separable],
            "–" if outcome.cosine is None else f"{outcome.cosine:.3f}",
            f"{outcome.seconds:.0f}",
        )
        for outcome in report.outcomes
    ]
    for line in aligned([HEADINGS, *rows]):
        click.echo(line)
    click.echo(f"→ {project.relative(destination)}")
