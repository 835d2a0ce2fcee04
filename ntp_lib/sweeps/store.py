"""Finished cells in a file of JSON lines: appended one by one, found again by whoever resumes."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ntp_lib.errors import NTPDataError
from ntp_lib.thresholds.trials import Cell, Outcome

COUNTS = ("yes", "no", "undecided")
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

    def load(self) -> dict[Cell, Outcome]:
        """Read the finished cells.

        Raises:
            NTPDataError: a complete line that is no finished cell, or two that disagree about one.
        """
        if not self.path.exists():
            return {}
        found: dict[Cell, Outcome] = {}
        for number, line in enumerate(self._complete_lines(), start=1):
            outcome = self._parse(line, number)
            if found.setdefault(outcome.cell, outcome) != outcome:
                raise NTPDataError(f"{self.path}: line {number} contradicts an earlier one about the same cell")
        return found

    def append(self, outcome: Outcome) -> None:
        """Write one finished cell, so that it is in the file wholly or not at all."""
        line = json.dumps({**asdict(outcome.cell), **{name: getattr(outcome, name) for name in COUNTS}}) + "\n"
        with self.path.open("ab", buffering=0) as file:
            file.write(line.encode())
            os.fsync(file.fileno())

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

    def _parse(self, line: bytes, number: int) -> Outcome:
        try:
            record: dict[str, Any] = json.loads(line)
            cell = Cell(**{field.name: record[field.name] for field in fields(Cell)})
            counts = [int(record[name]) for name in COUNTS]
        except (ValueError, KeyError, TypeError) as error:
            raise NTPDataError(f"{self.path}: line {number} is no finished cell ({error})") from None
        if min(counts) < 0 or sum(counts) != cell.trials:
            raise NTPDataError(f"{self.path}: line {number}: counts {counts} do not sum to {cell.trials} trials")
        return Outcome(cell, *counts)
