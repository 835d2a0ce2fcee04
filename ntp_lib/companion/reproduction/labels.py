"""Labels that chapters carry, read from their text: where each stands and which role refers to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.project import Project

BLOCK = re.compile(r"\s*(?:`{3,}|:{3,})\{([\w:-]+)\}")
LABEL = re.compile(r"\s*:label:\s*(\S+)\s*")
TARGET = re.compile(r"\(([^()\s]+)\)=\s*")
EQUATION = re.compile(r"\s*\$\$\s*\(([^()\s]+)\)\s*")


@dataclass(frozen=True)
class Place:
    """Where a label stands.

    Attributes:
        role: MyST role that refers to it: `prf:ref` for statements, `eq` for equations, `ref` for places and
            exercises, `numref` for figures.
        block: directive that carries it, such as `prf:theorem`; empty for a place in the text.
        chapter: file name of the page, such as `margin.md`; empty for a figure, which its notebook shows.
    """

    role: str
    block: str = ""
    chapter: str = ""


def book_labels(project: Project) -> dict[str, Place]:
    """Every label of `book/*.md`.

    Args:
        project: the project.

    Returns:
        The place by label.

    Raises:
        ReproductionError: a chapter cannot be read.
    """
    return {
        label: place
        for path in sorted(project.book.glob("*.md"))
        for label, place in _labels(_lines(project, path), path.name)
    }


def _labels(lines: list[str], chapter: str) -> Iterator[tuple[str, Place]]:
    block = ""
    for line in lines:
        if opening := BLOCK.match(line):
            block = opening[1]
        elif label := LABEL.fullmatch(line):
            role = "prf:ref" if block.startswith("prf:") else "eq" if block == "math" else "ref"
            yield label[1], Place(role, block, chapter)
        elif target := TARGET.fullmatch(line):
            yield target[1], Place("ref", "", chapter)
        elif equation := EQUATION.fullmatch(line):
            yield equation[1], Place("eq", "math", chapter)


def _lines(project: Project, chapter: Path) -> list[str]:
    try:
        return chapter.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReproductionError(f"{project.relative(chapter)}: cannot be read ({error})") from error
