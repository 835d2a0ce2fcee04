"""The manifest `notebooks/figures.yml`: every figure, its words, its tolerances and their reasons."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ntp_lib.companion.reproduction.errors import ReproductionError, RequestError, unknown
from ntp_lib.companion.reproduction.fields import mapping, read_yaml, shown, text
from ntp_lib.companion.reproduction.project import Project

FIGURE_FIELDS = ("notebook", "paper", "title", "caption", "alt", "source", "key", "columns")
IDENTIFIER = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Tolerance:
    """How far a value may lie from its reference r: absolute + relative·|r|, and why."""

    relative: float
    absolute: float
    reason: str

    def allowed(self, reference: float) -> float:
        """The largest difference accepted beside a reference value."""
        return self.absolute + self.relative * abs(reference)


@dataclass(frozen=True)
class Source:
    """A text that figures are computed from and that may differ between Python versions."""

    sha256: str
    description: str


@dataclass(frozen=True)
class FigureEntry:
    """One figure of the manifest.

    Attributes:
        id: name of the figure, its label in the book and the stem of its files.
        notebook: name of the notebook that records it.
        paper: the paper's own number, or None for a figure of the book's own.
        title: a few words.
        caption: MyST inline markup.
        alt: the conclusion in one sentence.
        source: name of the text the data depend on, or None.
        key: columns that identify a row; compared exactly.
        columns: tolerance of every other column.
    """

    id: str
    notebook: str
    paper: str | None
    title: str
    caption: str
    alt: str
    source: str | None
    key: tuple[str, ...]
    columns: Mapping[str, Tolerance]


@dataclass(frozen=True)
class Manifest:
    """All figures and the texts they depend on, in the order of the file."""

    sources: Mapping[str, Source]
    figures: Mapping[str, FigureEntry]

    def figure(self, figure_id: str) -> FigureEntry:
        """One figure by its id; RequestError with the valid ids where there is none."""
        if figure_id not in self.figures:
            raise RequestError(unknown("figure", figure_id, self.figures))
        return self.figures[figure_id]

    def of_notebook(self, notebook: str) -> list[FigureEntry]:
        """The figures that one notebook records."""
        return [entry for entry in self.figures.values() if entry.notebook == notebook]


def load_manifest(project: Project) -> Manifest:
    """Read and validate the manifest.

    Args:
        project: the project whose manifest to read.

    Returns:
        The manifest; every notebook it names exists.

    Raises:
        ReproductionError: the file is missing or an entry is not valid; the message names the
            figure, the field and what would be valid.
    """
    where = project.relative(project.manifest)
    top = mapping(read_yaml(project.manifest, where), where, ("sources", "figures"))
    sources = {
        str(name): _source(value, f"{where}: source {name!r}")
        for name, value in mapping(top.get("sources") or {}, f"{where}: sources").items()
    }
    figures = {
        str(name): _figure(str(name), value, f"{where}: figure {name!r}", project, sources)
        for name, value in mapping(top.get("figures") or {}, f"{where}: figures").items()
    }
    return Manifest(sources=sources, figures=figures)


def _source(value: Any, where: str) -> Source:
    fields = mapping(value, where, ("sha256", "description"))
    digest = text(fields, "sha256", where)
    if not DIGEST.fullmatch(digest):
        raise ReproductionError(f"{where}: sha256 is {shown(digest)}; valid: 64 hexadecimal digits")
    return Source(sha256=digest, description=text(fields, "description", where))


def _figure(name: str, value: Any, where: str, project: Project, sources: Mapping[str, Source]) -> FigureEntry:
    if not IDENTIFIER.fullmatch(name):
        raise ReproductionError(f"{where}: not a valid id; valid: lower-case letters, digits and single '-'")
    fields = mapping(value, where, FIGURE_FIELDS)
    notebook = text(fields, "notebook", where)
    if notebook not in project.notebook_names():
        raise ReproductionError(f"{where}: {unknown('notebook', notebook, project.notebook_names())}")
    source = text(fields, "source", where, optional=True) or None
    if source is not None and source not in sources:
        raise ReproductionError(f"{where}: {unknown('source', source, sources)}")
    key, columns = _key(fields, where), _columns(fields, where)
    if both := sorted(set(key) & set(columns)):
        raise ReproductionError(f"{where}: {both[0]!r} is a key and a column with tolerances; choose one")
    return FigureEntry(
        id=name,
        notebook=notebook,
        paper=text(fields, "paper", where, optional=True) or None,
        title=text(fields, "title", where),
        caption=text(fields, "caption", where),
        alt=text(fields, "alt", where),
        source=source,
        key=key,
        columns=columns,
    )


def _key(fields: Mapping[str, Any], where: str) -> tuple[str, ...]:
    key = fields.get("key")
    if not isinstance(key, list) or not key or not all(isinstance(column, str) for column in key):
        raise ReproductionError(f"{where}: key is {shown(key)}; valid: a non-empty list of column names")
    if len(set(key)) < len(key):
        raise ReproductionError(f"{where}: key names a column twice: {', '.join(key)}")
    return tuple(key)


def _columns(fields: Mapping[str, Any], where: str) -> dict[str, Tolerance]:
    columns = mapping(fields.get("columns") or {}, f"{where}: columns")
    return {str(name): _tolerance(value, f"{where}: column {name!r}") for name, value in columns.items()}


def _tolerance(value: Any, where: str) -> Tolerance:
    fields = mapping(value, where, ("relative", "absolute", "reason"))
    relative = _size(fields, "relative", where)
    if relative >= 1:
        raise ReproductionError(
            f"{where}: relative is {relative:g}; valid: below 1, for 1 accepts zero for any value"
        )
    return Tolerance(
        relative=relative,
        absolute=_size(fields, "absolute", where),
        reason=text(fields, "reason", where),
    )


def _size(fields: Mapping[str, Any], field: str, where: str) -> float:
    value: Any = fields.get(field)
    if type(value) not in (int, float) or not 0 <= value <= sys.float_info.max:
        raise ReproductionError(f"{where}: {field} is {shown(value)}; valid: a finite number that is not negative")
    return float(value)
