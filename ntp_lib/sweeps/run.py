"""A sweep over cells: in this process, one after the other, or through a Dask client."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import pandas as pd
from tqdm import tqdm

from ntp_lib.errors import NTPDataError
from ntp_lib.sweeps.store import Store
from ntp_lib.thresholds.trials import Cell, Outcome, run_cell

if TYPE_CHECKING:
    from distributed import Client

# How often a cell that raised is tried again, and how often one whose worker was lost.
RETRIES = 2
# Cells handed to the scheduler at once, so that an interrupt leaves little in flight.
IN_FLIGHT = 256


def run_cells(
    cells: Sequence[Cell],
    *,
    client: Client | None = None,
    store: Store | None = None,
    progress: bool = False,
    retries: int = RETRIES,
    work: Callable[[Cell], Outcome] = run_cell,
) -> pd.DataFrame:
    """Run the cells that the store does not hold yet; each is stored as soon as it is finished.

    The outcome depends on the cells alone: not on their order, the number of workers or interruptions.

    Args:
        cells: what to run, without duplicates.
        client: of a Dask scheduler; without one the cells run in this process, one after the other.
        store: keeps finished cells; an interrupted sweep resumes from it.
        progress: show a progress bar.
        retries: per cell, for workers that are lost as for errors.
        work: what to do with a cell.

    Returns:
        One row per cell, in the order of `cells`: its parameters, ratio, yes, no and undecided.

    Raises:
        NTPDataError: a cell given twice, or a store that cannot be read.
    """
    if len(set(cells)) < len(cells):
        twice = next(cell for i, cell in enumerate(cells) if cell in cells[:i])
        raise NTPDataError(f"given twice: {twice}")
    done = {} if store is None else store.load()
    if store is not None:
        store.repair()
    missing = [cell for cell in cells if cell not in done]
    with tqdm(total=len(cells), initial=len(cells) - len(missing), unit=" cells", disable=not progress) as bar:
        finished = map(work, missing) if client is None else _through(client, missing, work, retries)
        for outcome in finished:
            if store is not None:
                store.append(outcome)
            done[outcome.cell] = outcome
            bar.update()
    return pd.DataFrame([done[cell].record() for cell in cells])


def _through(
    client: Client, cells: Iterable[Cell], work: Callable[[Cell], Outcome], retries: int
) -> Iterator[Outcome]:
    """Outcomes as they come; Dask runs the cells of a lost worker again."""
    from distributed import as_completed

    waiting = iter(cells)

    def submit(cell: Cell) -> object:
        return client.submit(work, cell, retries=retries, pure=False)

    futures = as_completed([submit(cell) for cell in islice(waiting, IN_FLIGHT)])
    for future in futures:
        outcome = future.result()
        for cell in islice(waiting, 1):
            futures.add(submit(cell))
        yield outcome
