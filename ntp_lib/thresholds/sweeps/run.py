"""A sweep over cells: in this process, one after the other, or by an executor's workers."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import dataclass

import pandas as pd
from tqdm import tqdm

from ntp_lib.errors import NTPDataError
from ntp_lib.thresholds.sweeps.store import Store
from ntp_lib.thresholds.trials import Cell, CellOutcome, run_cell

# How often a cell that raised, or whose worker was lost, is tried again.
RETRIES = 2


class CellFailedError(RuntimeError):
    """A cell that raised, or took its worker down, at every attempt; the message names both."""


@dataclass(frozen=True)
class Workers:
    """Those who work on cells.

    Attributes:
        executor: of local processes, or of a Dask client.
        in_flight: cells that it takes at once.
    """

    executor: Executor
    in_flight: int


def run_cells(
    cells: Sequence[Cell],
    *,
    workers: Workers | None = None,
    store: Store | None = None,
    progress: bool = False,
    retries: int = RETRIES,
    work: Callable[[Cell], CellOutcome] = run_cell,
) -> pd.DataFrame:
    """Run the cells that the store does not hold yet; each is stored as soon as it is finished.

    The outcome depends on the cells alone: not on their order, the number of workers or interruptions.

    Args:
        cells: what to run, without duplicates.
        workers: as `cluster.workers` starts them; without any the cells run in this process, one after the other.
        store: keeps finished cells; an interrupted sweep resumes from it.
        progress: show a progress bar.
        retries: per cell, for workers that are lost as for errors.
        work: what to do with a cell.

    Returns:
        One row per cell, in the order of `cells`: its parameters, ratio, yes, no and undecided.

    Raises:
        NTPDataError: a cell given twice, or a store that cannot be read.
        CellFailedError: a worker could not finish a cell; the others in the store are kept.
    """
    if len(set(cells)) < len(cells):
        twice = next(cell for cell, count in Counter(cells).items() if count > 1)
        raise NTPDataError(f"given twice: {twice}")
    done = {} if store is None else store.load()
    if store is not None:
        store.repair()
    missing = [cell for cell in cells if cell not in done]
    with tqdm(total=len(cells), initial=len(cells) - len(missing), unit=" cells", disable=not progress) as bar:
        finished = map(work, missing) if workers is None else _by(workers, missing, work, retries)
        for outcome in finished:
            if store is not None:
                store.append(outcome)
            done[outcome.cell] = outcome
            bar.update()
    return pd.DataFrame([done[cell].record() for cell in cells])


def _by(
    workers: Workers, cells: Iterable[Cell], work: Callable[[Cell], CellOutcome], retries: int
) -> Iterator[CellOutcome]:
    """Outcomes as they come; a cell that failed is tried again after the others."""
    waiting, failures = deque(cells), Counter[Cell]()
    running: dict[Future[CellOutcome], Cell] = {}
    while waiting or running:
        while waiting and len(running) < workers.in_flight:
            cell = waiting.popleft()
            running[workers.executor.submit(work, cell)] = cell
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            cell = running.pop(future)
            try:
                outcome = future.result()
            except (Exception, CancelledError) as error:
                failures[cell] += 1
                if failures[cell] > retries:
                    raise CellFailedError(f"{cell}: {_in_words(error)}") from error
                waiting.append(cell)
            else:
                yield outcome


def _in_words(error: BaseException) -> str:
    if isinstance(error, BrokenExecutor):
        return "its worker process was killed at every attempt; memory may have run out"
    if isinstance(error, CancelledError):
        return "cancelled; the scheduler may be gone"
    return f"{type(error).__name__}: {error}"
