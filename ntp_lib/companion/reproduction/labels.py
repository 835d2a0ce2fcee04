"""Labels that chapters carry, read from their text, and the role that refers to each."""

from __future__ import annotations

import re
from pathlib import Path

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.project import Project

BLOCK = re.compile(r"\s*(?:`{3,}|:{3,})\{([\w:-]+)\}")
LABEL = re.compile(r"\s*:label:\s*(\S+)\s*")
TARGET = re.compile(r"\(([^()\s]+)\)=\s*")
EQUATION = re.compile(r"\s*\$\$\s*\(([^()\s]+)\)\s*")


def book_labels(project: Project) -> dict[str, str]:
    """Every label of `book/*.md`.

    Args:
        project: the project.

    Returns:
        The MyST role by label: `prf:ref` for statements, `eq` for equations, `ref` for places and exercises.

    Raises:
        ReproductionError: a chapter cannot be read.
    """
    found: dict[str, str] = {}
    for path in sorted(project.book.glob("*.md")):
        block = ""
        for line in _lines(project, path):
            if opening := BLOCK.match(line):
                block = opening[1]
            elif label := LABEL.fullmatch(line):
                found[label[1]] = "prf:ref" if block.startswith("prf:") else "eq" if block == "math" else "ref"
            elif target := TARGET.fullmatch(line):
                found[target[1]] = "ref"
            elif equation := EQUATION.fullmatch(line):
                found[equation[1]] = "eq"
    return found


def _lines(project: Project, chapter: Path) -> list[str]:
    try:
        return chapter.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReproductionError(f"{project.relative(chapter)}: cannot be read ({error})") from error
