"""`ntp robustness`."""

from __future__ import annotations

import re
from pathlib import Path

import click

from ntp_lib.companion.cli.main import current_project
from ntp_lib.companion.reproduction.errors import RequestError
from ntp_lib.companion.reproduction.execution import CELL_TIMEOUT
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.robustness import (
    DEFAULT_SEEDS,
    REPORT,
    SEED,
    RobustnessReport,
    save_robustness,
    with_a_seed,
)
from ntp_lib.companion.reproduction.robustness_runs import measure_robustness

SEEDS = f"{DEFAULT_SEEDS[0]}-{DEFAULT_SEEDS[-1]}"
MOST_SEEDS = 100
PART = re.compile(r"(\d+)(?:-(\d+))?")


@click.command("robustness")
@click.argument("notebooks", nargs=-1, metavar="[NOTEBOOK]...")
@click.option("--seeds", "text", default=SEEDS, show_default=True, help="A range, or several with commas: 0-4,10.")
@click.option("--jobs", type=click.IntRange(min=1), help="Notebooks at a time; one per core by default.")
@click.option("--fresh", is_flag=True, help="Execute even where a current run exists.")
@click.option(
    "--timeout", type=click.IntRange(min=1), default=CELL_TIMEOUT, show_default=True, help="Per cell, s."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File for the report.")
@click.pass_context
def robustness_command(
    context: click.Context,
    notebooks: tuple[str, ...],
    text: str,
    jobs: int | None,
    fresh: bool,
    timeout: int,
    out: Path | None,
) -> None:
    """Execute every notebook that has a seed at several seeds, and report which checks hold at which.

    A whole run replaces notebooks/measured/robustness.json, which the book's page is made from. A run of some
    notebooks, or without the seeds 0-4, stays in _build/robustness.json unless --out says otherwise. An
    interrupted run goes on where it was. Exit 1 where a check claimed for all parameters does not hold at a seed.
    """
    project = current_project(context)
    seeds, names = parse_seeds(text), _names(project, notebooks)
    whole = names == with_a_seed(project) and set(seeds) >= set(DEFAULT_SEEDS)
    destination = out or (project.measured / REPORT if whole else project.build / REPORT)
    report = measure_robustness(
        project,
        names,
        seeds,
        command=" ".join(["ntp robustness", *notebooks, *([] if text == SEEDS else [f"--seeds {text}"])]),
        fresh=fresh,
        jobs=jobs,
        timeout=timeout,
        say=click.echo,
    )
    save_robustness(report, destination)
    for line in describe(report):
        click.echo(line)
    click.echo(f"→ {project.relative(destination)}")
    context.exit(1 if report.broken_claims else 0)


def describe(report: RobustnessReport) -> list[str]:
    """The checks that do not hold at every seed, line by line."""
    lines = [
        f"✗ {notebook.name} fails at seed {seed}: {error}"
        for notebook in report.notebooks
        for seed, error in notebook.failures.items()
    ]
    for check in report.checks:
        if not report.holds(check):
            for_all = "claimed for all parameters" if check.scope == "all" else "claimed for the defaults only"
            lines.append(f"✗ {check.name}: holds at {len(check.held)} of {len(report.seeds)} seeds; {for_all}")
            lines += [f"      seed {result.seed}: {result.trouble}" for result in check.fallen]
    held = sum(report.holds(check) for check in report.checks)
    lines.append(f"{held} of {len(report.checks)} checks hold at seeds {', '.join(map(str, report.seeds))}")
    if report.without_seed:
        lines.append(f"without a seed: {', '.join(report.without_seed)}")
    return lines


def parse_seeds(text: str) -> tuple[int, ...]:
    """Read seeds such as `0-4,10`.

    Raises:
        RequestError: a part is no whole number and no ascending range, or there are too many.
    """
    seeds: set[int] = set()
    for part in text.split(","):
        found = PART.fullmatch(part.strip())
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if last < first:
            raise RequestError(f"--seeds: {part.strip()!r} is no seed and no range; valid: 0-4 or 0,3,7")
        if last - first >= MOST_SEEDS:
            raise RequestError(f"--seeds: {part.strip()!r} holds more than {MOST_SEEDS} seeds")
        seeds.update(range(first, last + 1))
    return tuple(sorted(seeds))


def _names(project: Project, notebooks: tuple[str, ...]) -> list[str]:
    seeded = with_a_seed(project)
    asked = [project.notebook(name).stem for name in notebooks]
    if without := [name for name in asked if name not in seeded]:
        raise RequestError(f"{without[0]} has no parameter {SEED!r}; notebooks that have one: {', '.join(seeded)}")
    return [name for name in seeded if not asked or name in asked]
