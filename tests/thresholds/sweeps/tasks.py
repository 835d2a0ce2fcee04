"""What workers of the tests do with a cell; a module, so that worker processes can import it."""

import os
import time
from pathlib import Path
from socket import SOCK_DGRAM

import psutil

from ntp_lib.thresholds.trials import Cell, CellOutcome


def counted(cell: Cell) -> CellOutcome:
    """An outcome that tells the cells apart, without any trial."""
    return CellOutcome(
        cell, cell.num_contexts % (cell.trials + 1), cell.trials - cell.num_contexts % (cell.trials + 1), 0
    )


def dies_once(cell: Cell) -> CellOutcome:
    """Take the worker process down, the first time that one cell is reached; each visit leaves a mark."""
    folder = Path(os.environ["NTP_TEST_MARKS"])
    if cell.num_contexts == 3:
        visits = len(list(folder.iterdir()))
        (folder / f"visit-{visits}").touch()
        if visits == 0:
            os._exit(1)
    return counted(cell)


def fails_once(cell: Cell) -> CellOutcome:
    """Raise, the first time that one cell is reached."""
    folder = Path(os.environ["NTP_TEST_MARKS"])
    if cell.num_contexts == 3 and not list(folder.iterdir()):
        (folder / "visit").touch()
        raise RuntimeError("the first attempt fails")
    return counted(cell)


def dies_always(cell: Cell) -> CellOutcome:
    """Take the worker process down, whenever one cell is reached."""
    if cell.num_contexts == 3:
        os._exit(1)
    return counted(cell)


def marks_and_waits(cell: Cell) -> CellOutcome:
    """Two cells are done at once; the others leave a mark and never come to an end."""
    if cell.num_contexts > 2:
        (Path(os.environ["NTP_TEST_MARKS"]) / str(cell.num_contexts)).touch()
        time.sleep(300)
    return counted(cell)


def asks_who_listens(cell: Cell) -> CellOutcome:
    """Leave the addresses at which the process that runs the sweep and all its children listen."""
    sweep = psutil.Process().parent()
    processes = [sweep, *sweep.children(recursive=True)]
    listening = [str(found.laddr) for one in processes for found in one.net_connections("inet") if _open(found)]
    (Path(os.environ["NTP_TEST_MARKS"]) / str(cell.num_contexts)).write_text(" ".join(listening))
    return counted(cell)


def _open(connection) -> bool:
    return connection.status == psutil.CONN_LISTEN or (connection.type == SOCK_DGRAM and not connection.raddr)
