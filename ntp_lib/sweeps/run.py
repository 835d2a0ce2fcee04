"""A sweep over cells: in this process, or through Dask on local processes or an existing scheduler."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

import pandas as pd
from tqdm import tqdm

from ntp_lib.errors import NTPDataError
from ntp_lib.sweeps.store import Store
from ntp_lib.thresholds.trials import Cell, Outcome, run_cell

if TYPE_CHECKING:
    from distributed import Client

# Dask's own variable (its configuration key scheduler-address).
ADDRESS_VARIABLE = "DASK_SCHEDULER_ADDRESS"
# How often a cell that raised is tried again, and how often one whose worker was lost.
RETRIES = 2
# Cells handed to the scheduler at once, so that an interrupt leaves little in flight.
IN_FLIGHT = 256
CONNECT_TIMEOUT = "20s"


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


@contextmanager
def dask_client(address: str | None = None, *, processes: int | None = None) -> Iterator[Client]:
    """Connect to a scheduler, or start one worker process per core for as long as the context lasts.

    Args:
        address: of a scheduler; by default that of DASK_SCHEDULER_ADDRESS, and without one local processes.
        processes: number of local processes.

    Raises:
        NTPDataError: no scheduler answers at the address.
    """
    import dask
    from distributed import Client, LocalCluster

    address = address or os.environ.get(ADDRESS_VARIABLE) or None
    if address is not None:
        try:
            connected = Client(address, timeout=CONNECT_TIMEOUT)
        except (OSError, ValueError) as error:
            raise NTPDataError(f"no Dask scheduler answers at {address!r}: {error}") from error
        with connected as client:
            yield client
        return
    # Each trial is small: several threads of a linear algebra library in every process would only fight.
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": RETRIES}),
        LocalCluster(
            n_workers=processes, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
