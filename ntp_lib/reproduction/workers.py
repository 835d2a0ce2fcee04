"""Worker processes: several notebooks at once, progress by cells, nothing left running afterwards."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

from ntp_lib.reproduction.failures import Failure
from ntp_lib.reproduction.kernel import Job, Outcome, execute

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

POLL = 0.2
_cells_done: Synchronized[int] | None = None


def run_jobs(jobs: Sequence[Job], *, processes: int, on_progress: Callable[[int], None]) -> list[Outcome]:
    """Executes jobs in worker processes.

    Args:
        jobs: What to execute; started in this order.
        processes: How many at once.
        on_progress: Called with the number of code cells finished so far, over all jobs.

    Returns:
        The outcomes in the order of the jobs.
    """
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q", 0)
    pool = ProcessPoolExecutor(
        max_workers=max(1, min(processes, len(jobs))),
        mp_context=context,
        initializer=_begin_worker,
        initargs=(counter, os.getpid()),
    )
    try:
        futures = [pool.submit(_work, job) for job in jobs]
        waiting: set[Future[Outcome]] = set(futures)
        while waiting:
            _, waiting = wait(waiting, timeout=POLL)
            on_progress(counter.value)
        return [_outcome(job, future) for job, future in zip(jobs, futures, strict=True)]
    except BaseException:
        # Terminated workers shut down their kernels and remove their temporary folders.
        pool.shutdown(wait=False, cancel_futures=True)
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=True)


def _outcome(job: Job, future: Future[Outcome]) -> Outcome:
    try:
        return future.result()
    except BrokenProcessPool:
        message = "its worker process died; memory may have run out (try --jobs 1)"
        return Outcome(job.notebook, executed=True, failure=Failure(job.notebook, "", message, "", ""))


def _work(job: Job) -> Outcome:
    return execute(job, _count_cell)


def _count_cell() -> None:
    if _cells_done is not None:
        with _cells_done.get_lock():
            _cells_done.value += 1


def _begin_worker(counter: Any, parent: int) -> None:
    global _cells_done
    _cells_done = counter
    signal.signal(signal.SIGTERM, _leave)
    # An interrupt from the terminal reaches every process; the parent alone decides what follows.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _leave(number: int, frame: object) -> None:
    """Unwinds whatever is being executed, so that its kernel stops and its folder goes."""
    raise SystemExit(128 + number)


def _end_with(parent: int) -> None:
    """Ends this worker when its parent was killed without a chance to say so."""
    while True:
        time.sleep(1)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
