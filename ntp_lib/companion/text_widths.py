"""Least widths that take too long for a notebook: measured once, committed, and read by it (book, capacity)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ntp_lib.companion.reproduction.records import load_report, write_json

SCHEMA = "ntp-text-widths-1"
KINDS = ("gaussian", "transformer")
# Beside the runs; whoever has looked at it puts it in the place of notebooks/measured/capacity-text.json.
REMEDY = "ntp run capacity -p measure=../_build/capacity-text.json"


@dataclass(frozen=True)
class WidthRecord:
    """One bisection.

    Attributes:
        data: which contexts, as the notebook names them.
        contexts: n.
        letters: V.
        kind: of features, one of `KINDS`.
        draw: of the features.
        refuted: the largest width with a certificate that data are not separable.
        certified: the least width with a direction; all between the two are open.
        seconds: of CPU.
    """

    data: str
    contexts: int
    letters: int
    kind: str
    draw: int
    refuted: int
    certified: int
    seconds: float


@dataclass(frozen=True)
class TextWidths:
    """What was measured, and on what.

    Attributes:
        finished: ISO time, UTC.
        source_sha256: of the text.
        versions: of Python and of the packages that decide.
        time_limit: seconds for one verdict.
        widths: the bisections.
        matrix_laws: least width by the matrix law, by data; null where its iteration does not settle.
    """

    finished: str
    source_sha256: str
    versions: Mapping[str, str]
    time_limit: float
    widths: tuple[WidthRecord, ...]
    matrix_laws: Mapping[str, float | None]


def save_text_widths(measured: TextWidths, path: Path) -> None:
    """Write a report; whoever reads the path finds the earlier file or the whole new one."""
    write_json({"schema": SCHEMA, **asdict(measured)}, path)


def load_text_widths(path: Path) -> TextWidths:
    """Read a report.

    Raises:
        ReproductionError: it is missing or no possible report of this schema; the message names the field and says
            how it is made again.
    """
    return load_report(
        TextWidths, path, schema=SCHEMA, name="report of least widths", problems=_problems,
        remedy=f"make it again with: {REMEDY}",
    )  # fmt: skip


def _problems(measured: TextWidths) -> Iterator[str]:
    if not measured.widths:
        yield "widths is empty; valid: a list of bisections"
    seen = set()
    for i, width in enumerate(measured.widths):
        where = f"widths[{i}]"
        if width.kind not in KINDS:
            yield f"{where}: kind is {width.kind!r}; valid: {', '.join(KINDS)}"
        if not 0 <= width.refuted < width.certified:
            ends = f"refuted is {width.refuted} and certified {width.certified}"
            yield f"{where}: {ends}; valid: 0 ≤ refuted < certified"
        if min(width.contexts, width.letters) < 1 or width.draw < 0 or width.seconds < 0:
            yield f"{where}: a count or a time is negative or zero"
        if (key := (width.data, width.kind, width.draw)) in seen:
            yield f"{where}: {key} stands there twice"
        seen.add(key)
