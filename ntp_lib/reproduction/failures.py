"""A failed execution as one readable report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ntp_lib.reproduction.notebooks import CodeCell, code_cells

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
LONGEST = 30


@dataclass(frozen=True)
class Failure:
    """Why a notebook did not finish.

    Attributes:
        notebook: Name of the notebook.
        cell: The code cell, as "code cell 3: first line"; empty where no cell is to blame.
        error: The exception in one line.
        traceback: Its last lines, without terminal colours.
        kept: Where the partial notebook was kept, or an empty text.
    """

    notebook: str
    cell: str
    error: str
    traceback: str
    kept: str

    def __str__(self) -> str:
        where = f"  {self.cell}\n" if self.cell else ""
        details = "".join(f"    {line}\n" for line in self.traceback.splitlines())
        kept = f"  partial notebook: {self.kept}\n" if self.kept else ""
        return f"✗ {self.notebook} failed\n{where}  {self.error}\n{details}{kept}".rstrip()


def describe(
    notebook: str, error: BaseException, *, partial: Path, position: int | None, kept: str, log: Path
) -> Failure:
    """Makes the report of an exception raised while a notebook was executed.

    Args:
        notebook: Name of the notebook.
        error: The exception as papermill or nbclient raised it.
        partial: The partly executed notebook, if it was written.
        position: Index of the code cell being executed, injected parameters included, or None.
        kept: Where the partial notebook will be found, or an empty text.
        log: What the kernel wrote to its standard error; the only witness where it died.

    Returns:
        The report.
    """
    traceback = [line for part in getattr(error, "traceback", None) or [] for line in part.splitlines()]
    if type(error).__name__ == "DeadKernelError" and log.is_file():
        traceback = log.read_text(encoding="utf-8", errors="replace").splitlines()
    if hasattr(error, "ename"):
        message = f"{error.ename}: {getattr(error, 'evalue', '')}"
    else:
        message = f"{type(error).__name__}: {error}"
    return Failure(
        notebook=notebook,
        cell=_cell(partial, position),
        error=_plain(message).splitlines()[0],
        traceback=_trim([_plain(line) for line in traceback]),
        kept=kept,
    )


def _cell(partial: Path, position: int | None) -> str:
    if position is None or not partial.is_file():
        return ""
    cells: list[CodeCell] = code_cells(partial)
    if position >= len(cells):
        return ""
    cell = cells[position]
    name = f"code cell {cell.number}" if cell.number else "the injected parameters"
    return f"{name}: {cell.first_line}"


def _trim(lines: list[str]) -> str:
    if len(lines) > LONGEST:
        lines = [f"… {len(lines) - LONGEST} lines above", *lines[-LONGEST:]]
    return "\n".join(lines)


def _plain(text: str) -> str:
    return ANSI.sub("", text)
