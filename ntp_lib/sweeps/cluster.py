"""A Dask client: of an existing scheduler, or of worker processes of its own."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ntp_lib.errors import NTPDataError
from ntp_lib.sweeps.run import RETRIES

if TYPE_CHECKING:
    from distributed import Client

# Dask's own variable (its configuration key scheduler-address).
ADDRESS_VARIABLE = "DASK_SCHEDULER_ADDRESS"
CONNECT_TIMEOUT = "20s"


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
    with dask.config.set({"distributed.scheduler.allowed-failures": RETRIES}):
        with _interrupts_left_to_the_parent():
            cluster = LocalCluster(
                n_workers=processes, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
            )
        with cluster, Client(cluster) as client:
            yield client


@contextmanager
def _interrupts_left_to_the_parent() -> Iterator[None]:
    """Start processes that ignore Ctrl-C, which a terminal sends to all: the parent alone decides what follows."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may change what a signal does
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
