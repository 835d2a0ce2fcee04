"""Finished cells in a file of JSON lines: appended one by one, found again by whoever resumes."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ntp_lib.errors import NTPDataError
from ntp_lib.thresholds.trials import Cell, CellOutcome

COUNTS = ("yes", "no", "undecided")
TEXTS = ("question", "supports")
BEGINNING = b'{"question": '


@dataclass(frozen=True)
class Store:
    """One line per finished cell, written in one call and flushed to the disk.

    A line that an interrupted machine left without its end is dropped when the file is next read. A cell is known
    by all that its outcome depends on, the number of trials and the seed included; other cells in the same file
    are kept and left alone.

    Attributes:
        path: of the file; it need not exist yet.
    """

    path: Path

    def load(self) -> dict[Cell, CellOutcome]:
        """Read the finished cells.

        Raises:
            NTPDataError: no ordinary file, a complete line that is no finished cell, or two that disagree.
        """
        if not self.path.exists():
            return {}
        if not self.path.is_file():
            raise NTPDataError(f"{self.path}: not an ordinary file; finished cells need one")
        found: dict[Cell, CellOutcome] = {}
        for number, line in enumerate(self._complete_lines(), start=1):
            outcome = self._parse(line, number)
            if found.setdefault(outcome.cell, outcome) != outcome:
                raise NTPDataError(f"{self.path}: line {number} contradicts an earlier one about the same cell")
        return found

    def append(self, outcome: CellOutcome) -> None:
        """Write one finished cell, so that it is in the file wholly or not at all.

        Raises:
            OSError: it could not be written; what a full disk took of it is cut off again.
        """
        record = {**asdict(outcome.cell), **{name: getattr(outcome, name) for name in COUNTS}}
        line = (json.dumps(record) + "\n").encode()
        with self.path.open("ab", buffering=0) as file:
            before = os.fstat(file.fileno()).st_size
            try:
                # A disk that fills up takes a part of the line, and says so by the count alone.
                if os.write(file.fileno(), line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
                os.fsync(file.fileno())
            except OSError:
                os.truncate(file.fileno(), before)
                raise

    def repair(self) -> None:
        """Cut off a last line without its end, or the next cell would be appended to it.

        Raises:
            NTPDataError: what would be cut off is no beginning of a finished cell, so the file is another one.
        """
        content = self.path.read_bytes() if self.path.exists() else b""
        whole = content.rfind(b"\n") + 1
        rest = content[whole:]
        if not (rest.startswith(BEGINNING) or BEGINNING.startswith(rest)):
            raise NTPDataError(f"{self.path}: its last line is no finished cell, nor the beginning of one")
        if rest:
            os.truncate(self.path, whole)

    def _complete_lines(self) -> list[bytes]:
        return self.path.read_bytes().split(b"\n")[:-1]

    def _parse(self, line: bytes, number: int) -> CellOutcome:
        try:
            record = json.loads(line.decode("utf-8"))
            cell, counts = _cell_and_counts(record)
        except (ValueError, RecursionError) as error:
            raise NTPDataError(
                f"{self.path}: line {number} is no finished cell ({error}); "
                "without that line its cell is computed again"
            ) from None
        if min(counts) < 0 or sum(counts) != cell.trials:
            raise NTPDataError(f"{self.path}: line {number}: counts {counts} do not sum to {cell.trials} trials")
        return CellOutcome(cell, *counts)


def _cell_and_counts(record: Any) -> tuple[Cell, list[int]]:
    valid = [*(field.name for field in fields(Cell)), *COUNTS]
    if not isinstance(record, dict) or sorted(record) != sorted(valid):
        raise ValueError(f"valid: a mapping of {', '.join(valid)}")
    for name, value in record.items():
        if type(value) is not (str if name in TEXTS else int):
            raise ValueError(f"{name} is {str(value)[:40]}; valid: {'a text' if name in TEXTS else 'an integer'}")
    return Cell(**{name: record[name] for name in valid[: -len(COUNTS)]}), [record[name] for name in COUNTS]
