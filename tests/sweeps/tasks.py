"""What workers of the tests do with a cell; a module, so that worker processes can import it."""

import os
from pathlib import Path

from ntp_lib.thresholds.trials import Cell, Outcome


def counted(cell: Cell) -> Outcome:
    """An outcome that tells the cells apart, without any trial."""
    return Outcome(
        cell, cell.num_contexts % (cell.trials + 1), cell.trials - cell.num_contexts % (cell.trials + 1), 0
    )


def dies_once(cell: Cell) -> Outcome:
    """Take the worker process down, the first time that one cell is reached; each visit leaves a mark."""
    folder = Path(os.environ["NTP_TEST_MARKS"])
    if cell.num_contexts == 3:
        visits = len(list(folder.iterdir()))
        (folder / f"visit-{visits}").touch()
        if visits == 0:
            os._exit(1)
    return counted(cell)


def fails_once(cell: Cell) -> Outcome:
    """Raise, the first time that one cell is reached."""
    folder = Path(os.environ["NTP_TEST_MARKS"])
    if cell.num_contexts == 3 and not list(folder.iterdir()):
        (folder / "visit").touch()
        raise RuntimeError("the first attempt fails")
    return counted(cell)
