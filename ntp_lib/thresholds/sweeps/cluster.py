"""Who works on the cells: processes of this machine without any port, or a Dask scheduler that somebody runs."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

import threadpoolctl

from ntp_lib.errors import NTPDataError
from ntp_lib.thresholds.sweeps.run import Workers

# Dask's own variable (its configuration key scheduler-address).
ADDRESS_VARIABLE = "DASK_SCHEDULER_ADDRESS"
CONNECT_TIMEOUT = "20s"
# Cells handed to a scheduler at once, so that an interrupt leaves little in flight.
IN_FLIGHT = 256


@contextmanager
def workers(address: str | None = None, *, processes: int | None = None) -> Iterator[Workers]:
    """Connect to a scheduler, or start worker processes for as long as the context lasts.

    Local processes are spoken to through pipes: nothing listens, and nobody else on the machine can hand them
    work. A Dask scheduler runs the code of whoever reaches its address; to guard it is up to who started it.

    Args:
        address: of a scheduler; by default that of DASK_SCHEDULER_ADDRESS, and without one local processes.
        processes: number of local processes; one per core by default.

    Raises:
        NTPDataError: no scheduler answers at the address.
    """
    address = address or os.environ.get(ADDRESS_VARIABLE) or None
    if address is not None:
        with _scheduler(address) as executor:
            yield Workers(executor, IN_FLIGHT)
        return
    count = processes or _cores()
    local = LocalProcesses(count)
    try:
        yield Workers(local, count)
    except BaseException:
        local.terminate()
        raise
    finally:
        local.shutdown()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _scheduler(address: str) -> Iterator[Executor]:
    from distributed import Client

    try:
        asyncio.run(_reach(address))
        connected = Client(address, timeout=CONNECT_TIMEOUT)
    except (OSError, ValueError, TypeError) as error:  # TypeError: tls:// without certificates
        raise NTPDataError(f"no Dask scheduler answers at {address!r}: {error}") from error
    with connected as client:
        executor = client.get_executor(pure=False)
        try:
            yield executor
        except BaseException:
            executor.shutdown(wait=False)
            raise


async def _reach(address: str) -> None:
    # A client that fails to connect leaves its threads behind, and can block for ever when it is collected.
    from distributed.comm import connect
    from distributed.security import Security

    comm = await connect(address, timeout=CONNECT_TIMEOUT, **Security().get_connection_args("client"))
    await comm.close()


class LocalProcesses(Executor):
    """Processes that do one piece of work at a time; one that is killed takes only its own with it."""

    def __init__(self, count: int) -> None:
        self._pools = [_Process() for _ in range(count)]

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand work to an idle process; where there is none it waits behind other work."""
        process = max(self._pools, key=lambda process: process.idle)
        return process.submit(work, *args, **kwargs)

    def terminate(self) -> None:
        """End the processes in the middle of their work."""
        for process in self._pools:
            process.terminate()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the processes finish and end."""
        for process in self._pools:
            process.pool.shutdown(wait, cancel_futures=cancel_futures)


class _Process:
    """A pool of one process, started anew where it was killed."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._future: Future[Any] | None = None
        context = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(1, mp_context=context, initializer=_begin)
        earlier = set(multiprocessing.active_children())
        with _interrupts_left_to_the_parent():
            self.pool.submit(os.getpid)  # a pool starts its process with the first work
        self._own = set(multiprocessing.active_children()) - earlier

    @property
    def idle(self) -> bool:
        return self._future is None or self._future.done()

    def submit(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
        try:
            self._future = self.pool.submit(work, *args, **kwargs)
        except BrokenProcessPool:
            self.pool.shutdown()
            self._start()
            self._future = self.pool.submit(work, *args, **kwargs)
        return self._future

    def terminate(self) -> None:
        for child in self._own & set(multiprocessing.active_children()):
            child.terminate()


def _begin() -> None:
    """In a new process: one thread for linear algebra, since each trial is small, and an end with the parent."""
    threadpoolctl.threadpool_limits(1)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


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
