"""Worker processes: several notebooks at once, progress by cells, nothing left running afterwards."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.failures import killed
from ntp_lib.companion.reproduction.kernel import Job, Outcome, execute
from ntp_lib.companion.reproduction.own_kernel import require_tools

if TYPE_CHECKING:
    from multiprocessing.context import SpawnContext

POLL = 0.2
# A worker that is killed before it begins takes no notebook with it; one that can never begin is a broken machine.
ATTEMPTS = 3
_progress: _Progress | None = None


def run_jobs(jobs: Sequence[Job], *, processes: int, on_progress: Callable[[int], None]) -> list[Outcome]:
    """Execute jobs in worker processes.

    Args:
        jobs: what to execute; started in this order.
        processes: how many at once.
        on_progress: called with the number of code cells finished so far, over all jobs.

    Returns:
        The outcomes in the order of the jobs. A worker that is killed costs the notebook it was executing.

    Raises:
        ReproductionError: a package that executes notebooks is missing, or no worker can be started.
    """
    require_tools()
    context = multiprocessing.get_context("spawn")
    idle = [_Worker(context) for _ in range(max(1, min(processes, len(jobs))))]
    workers, waiting = list(idle), deque(jobs)
    running: dict[Future[Outcome], tuple[Job, _Worker]] = {}
    outcomes: dict[str, Outcome] = {}
    try:
        while waiting or running:
            while idle and waiting:
                job, worker = waiting.popleft(), idle.pop()
                running[worker.submit(job)] = job, worker
            done, _ = wait(running, timeout=POLL, return_when=FIRST_COMPLETED)
            for future in done:
                job, worker = running.pop(future)
                outcome = worker.outcome(job, future)
                idle.append(worker)
                if outcome is None:
                    waiting.appendleft(job)
                else:
                    outcomes[job.notebook] = outcome
            on_progress(sum(worker.progress.cells.value for worker in workers))
        return [outcomes[job.notebook] for job in jobs]
    except BaseException:
        # Terminated workers shut down their kernels and remove their temporary folders.
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    finally:
        for worker in workers:
            worker.close()


class _Progress:
    """What a worker tells its parent: it alone writes, so that no lock can be left held by a killed one."""

    def __init__(self, context: SpawnContext) -> None:
        self.cells = context.Value("q", 0, lock=False)
        self.busy = context.Value("b", 0, lock=False)


class _Worker:
    """One process that executes one notebook after another, and its successors where it is killed."""

    def __init__(self, context: SpawnContext) -> None:
        self.progress = _Progress(context)
        self._context = context
        self._failed_starts = 0
        self._pool = self._start()

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            max_workers=1,
            mp_context=self._context,
            initializer=_begin_worker,
            initargs=(self.progress, os.getpid()),
        )

    def submit(self, job: Job) -> Future[Outcome]:
        """Hand a job to the process; to a new one where the last was killed while it had nothing to do."""
        self.progress.busy.value = 0
        try:
            return self._pool.submit(_work, job)
        except BrokenProcessPool:
            self._replace()
            return self._pool.submit(_work, job)

    def outcome(self, job: Job, future: Future[Outcome]) -> Outcome | None:
        """What became of a job; None where the process was killed before it began with it."""
        try:
            outcome = future.result()
        # A process told to end leaves its job by SystemExit.
        except (BrokenProcessPool, SystemExit):
            begun = bool(self.progress.busy.value)
            self._replace()
            if begun:
                return Outcome(job.notebook, executed=True, failure=killed(job.notebook))
            self._failed_starts += 1
            if self._failed_starts == ATTEMPTS:
                raise ReproductionError(
                    f"worker processes are killed before they begin with {job.notebook}; memory may have run out: "
                    "close some programs, or try --jobs 1"
                ) from None
            return None
        self._failed_starts = 0
        return outcome

    def _replace(self) -> None:
        self.close()
        self._pool = self._start()

    def close(self) -> None:
        """Wait for the process to end."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _work(job: Job) -> Outcome:
    if _progress is not None:
        _progress.busy.value = 1
    return execute(job, _count_cell)


def _count_cell() -> None:
    if _progress is not None:
        _progress.cells.value += 1


def _begin_worker(progress: _Progress, parent: int) -> None:
    global _progress
    _progress = progress
    signal.signal(signal.SIGTERM, _leave)
    # An interrupt from the terminal reaches every process; the parent alone decides what follows.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _leave(number: int, frame: object) -> None:
    """Unwinds whatever is being executed, so that its kernel stops and its folder goes."""
    raise SystemExit(128 + number)


def _end_with(parent: int) -> None:
    """End this worker when its parent was killed without a chance to say so."""
    while True:
        time.sleep(1)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
