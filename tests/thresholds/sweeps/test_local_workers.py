"""Cells by local processes: no port, the same outcomes, lost workers replaced, nothing left running."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from tasks import asks_who_listens, counted, dies_always, dies_once, fails_once
from test_store import cells

from ntp_lib.thresholds.sweeps.cluster import workers
from ntp_lib.thresholds.sweeps.run import CellFailedError, run_cells
from ntp_lib.thresholds.sweeps.store import Store


@pytest.fixture(autouse=True)
def no_scheduler(monkeypatch):
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)


def test_lost_workers_and_failed_cells_are_done_again(marks, tmp_path):
    """One set of processes for all of it: starting them is what takes the time."""
    store = Store(tmp_path / "cells.jsonl")
    expected = run_cells(cells(), work=counted)
    with workers(processes=2) as hands:
        lost = run_cells(cells(), workers=hands, store=store, work=dies_once)
        visits = {mark.name for mark in marks.iterdir()}
        for mark in marks.iterdir():
            mark.unlink()
        with pytest.raises(CellFailedError, match=r"num_contexts=3.*RuntimeError: the first attempt fails"):
            run_cells(cells(), workers=hands, work=fails_once, retries=0)
        with pytest.raises(CellFailedError, match=r"num_contexts=3.*killed at every attempt; memory may"):
            run_cells(cells(), workers=hands, work=dies_always)
        real = run_cells(cells(2), workers=hands)
    assert visits == {"visit-0", "visit-1"}
    assert lost.equals(expected)
    assert real.equals(run_cells(cells(2)))
    assert sorted(store.load()) == cells()
    assert not multiprocessing.active_children()


def test_nothing_listens_while_a_sweep_runs(marks):
    """Whoever could connect could run code as the person whose sweep it is."""
    with workers(processes=2) as hands:
        run_cells(cells(3), workers=hands, work=asks_who_listens)
    answers = [mark.read_text() for mark in marks.iterdir()]
    assert answers == [""] * 3


def test_an_interrupt_ends_the_processes_and_keeps_the_finished_cells(marks, tmp_path):
    """As a terminal does it: the signal goes to the whole group, and the command says how to go on."""
    store = tmp_path / "cells.jsonl"
    # A shell that starts the tests in the background has them ignore interrupts, and children inherit that.
    command = f"""
import signal
from pathlib import Path
from tasks import marks_and_waits
from test_store import cells
from ntp_lib.thresholds.sweeps.cluster import workers
from ntp_lib.thresholds.sweeps.run import run_cells
from ntp_lib.thresholds.sweeps.store import Store
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with workers(processes=2) as hands:
        run_cells(cells(4), workers=hands, store=Store(Path({str(store)!r})), work=marks_and_waits)
"""
    script = tmp_path / "sweep.py"
    script.write_text(command)
    sweep = subprocess.Popen([sys.executable, script], start_new_session=True, stderr=subprocess.PIPE, text=True)
    try:
        _until(lambda: len(list(marks.iterdir())) == 2 and store.exists() and store.read_text().count("\n") == 2)
        children = psutil.Process(sweep.pid).children(recursive=True)
        os.killpg(sweep.pid, signal.SIGINT)
        _, said = sweep.communicate(timeout=200)
    finally:
        sweep.kill()
    assert sweep.returncode != 0
    assert said.count("Traceback") == 1, said
    assert said.rstrip().endswith("KeyboardInterrupt")
    _until(lambda: not any(child.is_running() for child in children))
    again = []
    frame = run_cells(cells(4), store=Store(store), work=lambda cell: again.append(cell) or counted(cell))
    assert len(again) == 2
    assert frame.equals(run_cells(cells(4), work=counted))


def test_processes_end_with_a_parent_that_was_killed(marks, tmp_path):
    script = tmp_path / "sweep.py"
    script.write_text("""
from tasks import marks_and_waits
from test_store import cells
from ntp_lib.thresholds.sweeps.cluster import workers
from ntp_lib.thresholds.sweeps.run import run_cells
if __name__ == "__main__":
    with workers(processes=1) as hands:
        run_cells(cells(4)[2:], workers=hands, work=marks_and_waits)
""")
    sweep = subprocess.Popen([sys.executable, script])
    try:
        _until(lambda: list(marks.iterdir()))
        children = psutil.Process(sweep.pid).children(recursive=True)
    finally:
        sweep.kill()
        sweep.wait()
    assert children
    _until(lambda: not any(child.is_running() for child in children))


def _until(condition, seconds=200):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
