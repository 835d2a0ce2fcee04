"""A failed execution as one readable report."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ntp_lib.companion.reproduction.errors import ReproductionError, in_words
from ntp_lib.companion.reproduction.notebooks import CodeCell, code_cells

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
LONGEST = 30
# Bytes below which a disk counts as full: no notebook can be written into so few.
FULL = 64 * 1024


@dataclass(frozen=True)
class Failure:
    """Why a notebook did not finish.

    Attributes:
        notebook: name of the notebook.
        cell: the code cell, as "code cell 3: first line"; empty where no cell is to blame.
        error: the exception in one line.
        traceback: its last lines, without terminal colours.
        kept: where the partial notebook was kept, or an empty text.
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
    notebook: str,
    error: BaseException,
    *,
    partial: Path | None = None,
    position: int | None = None,
    log: Path | None = None,
) -> Failure:
    """Make the report of an exception raised while a notebook was executed.

    Args:
        notebook: name of the notebook.
        error: the exception as papermill or nbclient raised it.
        partial: the partly executed notebook, if it was written.
        position: index of the code cell being executed, injected parameters included, or None.
        log: what the kernel wrote to its standard error; the only witness where it died.

    Returns:
        The report.
    """
    traceback = [line for part in getattr(error, "traceback", None) or [] for line in part.splitlines()]
    kernel_died = _kernel_died(error)
    if kernel_died and log is not None and log.is_file():
        traceback = log.read_text(encoding="utf-8", errors="replace").splitlines()
    if hasattr(error, "ename"):
        message = f"{error.ename}: {getattr(error, 'evalue', '')}"
    elif (cause := _system_error(error)) is not None:
        message = f"{type(cause).__name__}: {in_words(cause, log.parent if log is not None else '')}"
    else:
        message = f"{type(error).__name__}: {error}"
    message = _plain(message).splitlines()[0]
    if kernel_died:
        message += f" {_why_dead(log)}"
    return Failure(
        notebook=notebook,
        cell=_cell(partial, position),
        error=message,
        traceback=_trim([_plain(line) for line in traceback]),
        kept="",
    )


def killed(notebook: str) -> Failure:
    """The report of a notebook whose worker process was killed while it executed it."""
    message = "its worker process was killed; memory may have run out (try --jobs 1)"
    return Failure(notebook, "", message, "", "")


def _kernel_died(error: BaseException) -> bool:
    return type(error).__name__ == "DeadKernelError" or str(error).startswith("Kernel died")


def _why_dead(log: Path | None) -> str:
    if log is not None and shutil.disk_usage(log.parent).free < FULL:
        return f"(no space is left on the disk of {log.parent.parent})"
    return "(killed? memory may have run out; try --jobs 1)"


def _system_error(error: BaseException | None) -> OSError | None:
    """The refusal of the system at the bottom of an exception, such as that of a full disk."""
    while error is not None:
        if isinstance(error, OSError) and error.errno is not None:
            return error
        error = None if isinstance(error, ReproductionError) else error.__cause__ or error.__context__
    return None


def _cell(partial: Path | None, position: int | None) -> str:
    try:
        cells: list[CodeCell] = code_cells(partial) if partial is not None and position is not None else []
    except ReproductionError:
        # Not written, or cut short by the very failure that is reported.
        return ""
    if position is None or position >= len(cells):
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
