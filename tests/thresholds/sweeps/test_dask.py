"""Cells by a Dask scheduler that somebody runs: the same outcomes, and named refusals."""

import socket

import pytest
from tasks import counted, fails_once
from test_store import cells

import ntp_lib as ntp
from ntp_lib.thresholds.sweeps import cluster
from ntp_lib.thresholds.sweeps.cluster import workers
from ntp_lib.thresholds.sweeps.run import CellFailedError, run_cells

# Sockets and processes that Dask closes a moment after it says so.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def test_a_scheduler_by_its_address(marks, monkeypatch):
    """One cluster for all of it: starting it is what takes the time."""
    from distributed import LocalCluster

    monkeypatch.setattr(cluster, "IN_FLIGHT", 2)
    scheduler = LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None, silence_logs=50
    )
    with scheduler, workers(scheduler.scheduler_address) as hands:
        failed = run_cells(cells(), workers=hands, work=fails_once)
        (marks / "visit").unlink()
        with pytest.raises(CellFailedError, match=r"num_contexts=3.*RuntimeError: the first attempt fails"):
            run_cells(cells(), workers=hands, work=fails_once, retries=0)
        real = run_cells(cells(2), workers=hands)
    assert failed.equals(run_cells(cells(), work=counted))
    assert real.equals(run_cells(cells(2)))


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
            workers(None if by_variable else address),
        ):
            pass


@pytest.mark.parametrize("address", ["nowhere", "tls://127.0.0.1:1", "gopher://127.0.0.1:1"])
def test_an_address_that_is_none_is_named(monkeypatch, address):
    monkeypatch.setattr(cluster, "CONNECT_TIMEOUT", "0.3s")
    with pytest.raises(ntp.NTPDataError, match="no Dask scheduler answers"), workers(address):
        pass
