"""Notebook files as plain data: code cells, the parameters cell, stored outputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.records import parse_json


@dataclass(frozen=True)
class CodeCell:
    """One code cell.

    Attributes:
        number: position among the notebook's own code cells, from 1; 0 for the injected parameters.
        source: its text.
        tags: its tags.
        outputs: stored outputs, as in the notebook format.
        execution_count: the stored count, or None.
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


def document(path: Path) -> dict[str, Any]:
    """A notebook as plain data: cells with a type, a source, metadata and, where they are code, outputs.

    Args:
        path: a notebook in format 4.

    Returns:
        The notebook.

    Raises:
        ReproductionError: the file is missing or is not a notebook.
    """
    where = f"{path.name}: not a readable notebook"
    try:
        content = parse_json(path.read_text(encoding="utf-8"), where)
    except (OSError, UnicodeDecodeError) as error:
        raise ReproductionError(f"{where} ({error})") from error
    if (
        not isinstance(content, dict)
        or not _is(content.get("cells"), list)
        or not _is(content.get("metadata"), dict)
    ):
        raise ReproductionError(f"{where}: it needs cells, a list, and metadata, a mapping")
    for number, cell in enumerate(content["cells"], start=1):
        if problem := _problem(cell):
            raise ReproductionError(f"{where}: cell {number}: {problem}")
    return content


def code_cells(path: Path) -> list[CodeCell]:
    """The code cells of a notebook.

    Args:
        path: a notebook in format 4.

    Returns:
        Its code cells in order.

    Raises:
        ReproductionError: the file is missing or is not a notebook.
    """
    numbered: list[CodeCell] = []
    number = 0
    for cell in document(path)["cells"]:
        if cell["cell_type"] != "code":
            continue
        tags = tuple(cell["metadata"].get("tags", ()))
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


def _problem(cell: Any) -> str:
    """What is wrong with a cell; empty where nothing is."""
    if not _is(cell, dict) or not _is(cell.get("cell_type"), str):
        return "valid: a mapping with a cell_type"
    source = cell.get("source")
    if not _is(source, str) and not _are(source, str):
        return "its source is neither a text nor a list of texts"
    if not _is(cell.get("metadata"), dict) or not _are(cell["metadata"].get("tags", []), str):
        return "its metadata are no mapping, or its tags no list of texts"
    outputs = cell.get("outputs", [])
    if not _are(outputs, dict) or not all(_is(output.get("data", {}), dict) for output in outputs):
        return "its outputs are no list of mappings"
    if cell.get("execution_count") is not None and type(cell["execution_count"]) is not int:
        return "its execution_count is neither an integer nor null"
    return ""


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind)


def _are(values: Any, kind: type) -> bool:
    return isinstance(values, list) and all(isinstance(value, kind) for value in values)


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
