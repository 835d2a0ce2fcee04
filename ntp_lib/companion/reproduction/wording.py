"""Verdicts and reports in words: yours against reference."""

from __future__ import annotations

from collections.abc import Sequence

from ntp_lib.companion.reproduction.checks import SCOPES, Check
from ntp_lib.companion.reproduction.comparison import ColumnComparison, Comparison
from ntp_lib.companion.reproduction.judgement import FigureResult

HEADINGS = ("column", "rows that differ", "worst at", "yours", "reference", "difference", "allowed")
SHOWN = 5


def describe_figure(result: FigureResult) -> str:
    """One figure: a line for its state, and a table of yours against reference where it differs."""
    mark = "✓" if result.ok else "✗"
    detail = f": {result.detail}" if result.detail else ""
    lines = [f"{mark} {result.figure} {result.state.value}{detail}"]
    if result.verdict is not None and not (result.verdict.ok and not result.verdict.note):
        lines += [f"    {line}" for line in describe_verdict(result.verdict)]
    return "\n".join(lines)


def describe_checks(checks: Sequence[Check]) -> list[str]:
    """The checks of a run that do not stand, and for which parameters each was claimed, line by line."""
    fallen = [check for check in checks if check.problem]
    if not fallen:
        return []
    lines = [f"checks that no longer hold: {len(fallen)} of {len(checks)}"]
    for check in fallen:
        lines += [f"  {check}", f"      {SCOPES.get(check.scope, check.scope)}"]
    return lines


def describe_verdict(verdict: Comparison) -> list[str]:
    """What differs, where and by how much, line by line."""
    lines = [verdict.note] if verdict.note else []
    lines += verdict.problems
    for what, names in (
        ("missing columns", verdict.missing_columns),
        ("columns that the reference lacks", verdict.extra_columns),
        ("missing rows", verdict.missing_rows),
        ("rows that the reference lacks", verdict.extra_rows),
    ):
        if names:
            shown = "; ".join(names[:SHOWN])
            lines.append(f"{what} ({len(names)}): {shown}{' …' if len(names) > SHOWN else ''}")
    if verdict.differing_columns:
        lines.append("yours against reference, columns that differ: " + ", ".join(verdict.differing_columns))
        lines += aligned([HEADINGS, *(_row(column) for column in verdict.columns if column.worst)])
    agreeing = [column.column for column in verdict.columns if not column.differing]
    if agreeing and not verdict.ok:
        lines.append(f"within tolerance: {', '.join(agreeing)}")
    return lines


def _row(column: ColumnComparison) -> tuple[str, ...]:
    worst = column.worst
    assert worst is not None
    return (
        column.column,
        f"{column.differing} of {column.rows}",
        worst.row,
        _digits(worst.yours),
        _digits(worst.reference),
        f"{worst.difference:.3g}",
        f"{worst.allowed:.3g}",
    )


def _digits(cell: str) -> str:
    """A number short enough for a table; a text as it is."""
    try:
        return f"{float(cell):.9g}"
    except ValueError:
        return cell


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines of text, each column as wide as its widest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
