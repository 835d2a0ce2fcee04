"""`ntp sweep`: a phase diagram, cell by cell, on local processes or on a Dask scheduler."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click
import pandas as pd

from ntp_lib.companion.cli.data import BadInput
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.thresholds.sweeps.grid import AXES, FULL, MOST_CELLS, parse_grid
from ntp_lib.thresholds.trials import QUESTIONS, Cell

KEPT = "finished cells are kept, and the same command goes on from there"


@click.command(
    "sweep",
    epilog="A grid is a quoted list of axes, e.g. 'vocab=10 supports=5,zipf:1-5 dim=20,40 ratio=1:2:21'. "
    + " ".join(f"{name}: {meaning}." for name, meaning in AXES.items()),
)
@click.argument("question", type=click.Choice(QUESTIONS))
@click.option("--grid", "grids", multiple=True, metavar="GRID", help="Cells to run; the full diagram by default.")
@click.option("--trials", type=click.IntRange(1, 10**6), default=40, show_default=True, help="Data sets per cell.")
@click.option("--seed", type=click.IntRange(0, 2**128), default=0, show_default=True, help="Seed of the sweep.")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Address of a Dask scheduler; default: $DASK_SCHEDULER_ADDRESS, or else local processes. A scheduler "
    "runs the code of whoever reaches its address: guard it with TLS or keep it on this machine alone.",
)
@click.option("--jobs", type=click.IntRange(1, 1024), help="Local processes; one per core by default.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keeps finished cells; default: QUESTION.jsonl. The same command goes on from there.",
)
def sweep_command(
    question: str,
    grids: tuple[str, ...],
    trials: int,
    seed: int,
    scheduler: str | None,
    jobs: int | None,
    out: Path | None,
) -> None:
    """Decide QUESTION for random data over a grid of cells, and print every 50 % point beside the law.

    Each finished cell is one line of FILE. Neither the number of workers nor an interruption changes a result.
    Local processes are spoken to through pipes; no port is opened.
    """
    from ntp_lib.thresholds.sweeps.run import CellFailedError

    target = out or Path(f"{question}.jsonl")
    if scheduler is not None and jobs is not None:
        raise click.UsageError("--jobs starts local processes; leave it out with --scheduler")
    try:
        if not target.absolute().parent.is_dir():
            raise BadInput(f"{target}: its folder does not exist")
        cells = _cells(question, grids or FULL, trials, seed)
        frame = _run(cells, target, scheduler, jobs)
    except KeyboardInterrupt:
        click.echo(f"\nInterrupted: {target} keeps the finished cells; the same command goes on.", err=True)
        raise click.exceptions.Exit(130) from None
    except NTPDataError as error:
        raise BadInput(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{target}: {error.strerror or error}; {KEPT}") from None
    except CellFailedError as error:
        raise click.ClickException(f"{error}; {KEPT}") from None
    undecided = int(frame["undecided"].sum())
    click.echo(f"{target}: {len(frame)} cells, {int(frame['trials'].sum())} trials, {undecided} undecided")
    for line in fifty_percent_lines(frame):
        click.echo(f"  {line}")


def _cells(question: str, grids: tuple[str, ...], trials: int, seed: int) -> list[Cell]:
    listed = (cell for grid in grids for cell in parse_grid(grid, question=question, trials=trials, seed=seed))
    cells = list(dict.fromkeys(listed))
    if len(cells) > MOST_CELLS:
        raise NTPDataError(f"the grids have {len(cells)} cells together; at most {MOST_CELLS}")
    return cells


def _run(cells: list[Cell], target: Path, scheduler: str | None, jobs: int | None) -> pd.DataFrame:
    from ntp_lib.thresholds.sweeps.cluster import workers
    from ntp_lib.thresholds.sweeps.run import run_cells
    from ntp_lib.thresholds.sweeps.store import Store

    store = Store(target)
    held = store.load()
    missing = any(cell not in held for cell in cells)
    with workers(scheduler, processes=jobs) if missing else contextlib.nullcontext() as hands:
        return run_cells(cells, workers=hands, store=store, progress=True)


def fifty_percent_lines(frame: pd.DataFrame) -> list[str]:
    """One line per curve of the sweep: its 50 % point beside the prediction, or why there is none."""
    from ntp_lib.thresholds.predictions import predicted_ratio
    from ntp_lib.thresholds.scaling import fit_transition

    lines = []
    for (question, V, law, dim), part in frame.groupby(["question", "vocab_size", "supports", "dim"]):
        name = f"V={V} |S|={law} d={dim}: law {predicted_ratio(question, V, law):.3f}, 50 % at "
        try:
            fit = fit_transition(part["ratio"], part["yes"], part["no"])
            lines.append(f"{name}{fit.centre:.3f} ± {fit.standard_error:.3f}")
        except (NTPDataError, DidNotConvergeError) as error:
            lines.append(f"{name}? ({error})")
    return lines
