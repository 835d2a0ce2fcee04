"""Mutation score of the library's mathematics, folder by folder, on a sample (`make mutation-score`).

mutmut makes the mutants and runs, for each, the tests that execute the mutated function; its settings stand in
`pyproject.toml`. A mutant counts as killed when a test fails or hangs. Survivors are printed with their change;
those that change nothing stand in `harmless.yml` with the reason.
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import click
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    "loss",
    "data",
    "subspaces",
    "margins",
    "conditions",
    "limiting",
    "trajectories",
    "features",
    "concepts",
    "contrastive",
    "thresholds",
)
KILLED = ("killed", "timeout", "segfault", "caught by type check")
HARMLESS = Path(__file__).with_name("harmless.yml")
GOAL = 0.95


@click.command()
@click.argument("folders", nargs=-1, type=click.Choice(FOLDERS))
@click.option("--sample", type=click.IntRange(min=1), default=120, show_default=True, help="Mutants per folder.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the sample.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Processes.")
def main(folders: tuple[str, ...], sample: int, seed: int, jobs: int) -> None:
    """Print the share of mutants killed in each of FOLDERS, all by default; exit 1 where one is below 95 %."""
    chosen = folders or FOLDERS
    # mutmut lists its mutants only in the course of a run; one that matches none makes the list.
    _mutmut("run", "none", check=False)
    drawn = {folder: _draw(_statuses(folder), sample, seed) for folder in chosen}
    if not any(drawn.values()):
        raise click.ClickException("mutmut made no mutants; run `mutmut run` to see why")
    _mutmut("run", "--max-children", str(jobs), *(name for names in drawn.values() for name in names))
    below = [folder for folder, names in drawn.items() if not _report(folder, names)]
    sys.exit(bool(below))


def _draw(statuses: dict[str, str], sample: int, seed: int) -> list[str]:
    names = sorted(statuses)
    return sorted(random.Random(seed).sample(names, min(sample, len(names))))


def _report(folder: str, names: list[str]) -> bool:
    statuses = _statuses(folder)
    survivors = [name for name in names if statuses[name] not in KILLED]
    changes = {name: _change(name) for name in survivors}
    harmless = {
        tuple(entry["change"]): entry["reason"] for entry in yaml.safe_load(HARMLESS.read_text("utf-8")) or []
    }
    share = 1 - len(survivors) / len(names)
    known = sum(change in harmless for change in changes.values())
    click.echo(
        f"{folder}: {share:.1%} of {len(names)} of {len(statuses)} mutants killed; survivors: {len(survivors)}, "
        f"of these known to change nothing: {known}"
    )
    for name, change in changes.items():
        reason = harmless.get(change, "")
        click.echo(f"  {name} ({statuses[name]}){': ' + reason if reason else ''}")
        if not reason:
            click.echo("\n".join(f"    {line}" for line in change))
    return share >= GOAL


def _statuses(folder: str) -> dict[str, str]:
    """Name and status of every mutant of a folder."""
    lines = _mutmut("results", "--all", "true").splitlines()
    pairs = (line.strip().rsplit(": ", 1) for line in lines if f"ntp_lib.{folder}." in line)
    return dict(pairs)


def _change(name: str) -> tuple[str, ...]:
    """The lines that a mutant takes away and puts in, without indentation."""
    lines = _mutmut("show", name).splitlines()
    return tuple(
        line[0] + line[1:].strip() for line in lines if line[:1] in "+-" and not line.startswith(("+++", "---"))
    )


def _mutmut(*arguments: str, check: bool = True) -> str:
    command = [Path(sys.executable).with_name("mutmut"), *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if check and done.returncode:
        raise click.ClickException(f"mutmut {arguments[0]} ended with {done.returncode}: {done.stdout[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
