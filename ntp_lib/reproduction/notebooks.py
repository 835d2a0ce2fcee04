"""Notebook files as plain data: code cells, the parameters cell, stored outputs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ntp_lib.reproduction.errors import ReproductionError


@dataclass(frozen=True)
class CodeCell:
    """One code cell.

    Attributes:
        number: Position among the notebook's own code cells, from 1; 0 for the injected parameters.
        source: Its text.
        tags: Its tags.
        outputs: Stored outputs, as in the notebook format.
        execution_count: The stored count, or None.
    """

    number: int
    source: str
    tags: tuple[str, ...]
    outputs: tuple[dict[str, Any], ...]
    execution_count: int | None

    @property
    def first_line(self) -> str:
        """The first line that is neither empty nor a comment."""
        lines = [line.strip() for line in self.source.splitlines()]
        return next((line for line in lines if line and not line.startswith("#")), "")


def code_cells(path: Path) -> list[CodeCell]:
    """The code cells of a notebook.

    Args:
        path: A notebook in format 4.

    Returns:
        Its code cells in order.

    Raises:
        ReproductionError: The file is missing or is not a notebook.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        cells = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReproductionError(f"{path.name}: not a readable notebook ({error})") from error
    numbered: list[CodeCell] = []
    number = 0
    for cell in cells:
        tags = tuple(cell.get("metadata", {}).get("tags", ()))
        injected = "injected-parameters" in tags
        number += not injected
        numbered.append(
            CodeCell(
                number=0 if injected else number,
                source="".join(cell["source"]),
                tags=tags,
                outputs=tuple(cell.get("outputs", ())),
                execution_count=cell.get("execution_count"),
            )
        )
    return numbered


def python_source(cell: CodeCell) -> str:
    """The cell as Python: lines for IPython or the shell become `pass` at the same indentation."""
    lines = []
    for line in cell.source.splitlines():
        text = line.lstrip()
        lines.append(line[: len(line) - len(text)] + "pass" if text.startswith(("%", "!")) else line)
    return "\n".join(lines)


def stored_errors(path: Path) -> list[str]:
    """Error outputs stored in a notebook, one sentence each."""
    return [
        f"code cell {cell.number} stores an error output: {output.get('ename')}: {output.get('evalue')}"
        for cell in code_cells(path)
        for output in cell.outputs
        if output.get("output_type") == "error"
    ]


def stored_outputs(path: Path) -> list[str]:
    """What a tracked source must not carry: outputs and execution counts, one sentence per cell."""
    found = []
    for cell in code_cells(path):
        if cell.outputs:
            found.append(f"code cell {cell.number} stores {len(cell.outputs)} output(s)")
        elif cell.execution_count is not None:
            found.append(f"code cell {cell.number} stores an execution count ({cell.execution_count})")
    return found
