"""Cells through Dask: the same outcomes as in one process, with workers that are lost and tasks that fail."""

import socket

import pytest
from tasks import counted, dies_once, fails_once
from test_store import cells

import ntp_lib as ntp
from ntp_lib.sweeps import cluster, run
from ntp_lib.sweeps.cluster import dask_client
from ntp_lib.sweeps.run import run_cells
from ntp_lib.sweeps.store import Store

# Sockets and processes that Dask closes a moment after it says so.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def test_lost_workers_and_failed_tasks_are_done_again(marks, tmp_path, monkeypatch):
    """One cluster for all of it: starting the processes is what takes the time."""
    monkeypatch.setattr(run, "IN_FLIGHT", 2)
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    store = Store(tmp_path / "cells.jsonl")
    expected = run_cells(cells(), work=counted)
    with dask_client(processes=1) as client:
        lost = run_cells(cells(), client=client, store=store, work=dies_once)
        visits = [mark.name for mark in marks.iterdir()]
        for mark in marks.iterdir():
            mark.unlink()
        with pytest.raises(RuntimeError, match="the first attempt fails"):
            run_cells(cells(), client=client, work=fails_once, retries=0)
        for mark in marks.iterdir():
            mark.unlink()
        failed = run_cells(cells(), client=client, work=fails_once)
        # An existing scheduler, by its address.
        with dask_client(client.scheduler.address) as second:
            real = run_cells(cells(2), client=second)
    assert sorted(visits) == ["visit-0", "visit-1"]
    assert lost.equals(expected)
    assert failed.equals(expected)
    assert real.equals(run_cells(cells(2)))
    assert sorted(store.load()) == cells()


@pytest.mark.parametrize("by_variable", [False, True])
def test_a_scheduler_that_does_not_answer_is_named(monkeypatch, by_variable):
    monkeypatch.setattr(cluster, "CONNECT_TIMEOUT", "0.3s")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        if by_variable:
            monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", address)
        with (
            pytest.raises(ntp.NTPDataError, match="no Dask scheduler answers"),
            dask_client(None if by_variable else address),
        ):
            pass
