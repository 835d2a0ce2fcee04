"""Yours against reference: one table compared with another, column by column, row by row."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ntp_lib.companion.reproduction.manifest import FigureEntry, Tolerance

if TYPE_CHECKING:
    import pandas as pd

# A number as `csv_text` writes it; Python would also read 1_0 and numbers in other scripts.
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|inf)|nan")
# Values below are rounding, and a tolerance may exceed all of them.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Difference:
    """One cell that lies outside its tolerance.

    Attributes:
        row: the row's key, as `column=value, …`.
        yours: the cell as written in the new table.
        reference: the cell as written in the reference.
        difference: |yours − reference|; infinite where one is not a finite number.
        allowed: the largest difference accepted there.
    """

    row: str
    yours: str
    reference: str
    difference: float
    allowed: float


@dataclass(frozen=True)
class ColumnComparison:
    """One column: how many of the rows in common differ, and the worst of them.

    Attributes:
        column: its name.
        rows: rows in common.
        differing: how many of them lie outside their tolerance.
        worst: the worst of these.
        used: the largest difference as a share of what is allowed there: 0 where all are equal, above 1 outside.
    """

    column: str
    rows: int
    differing: int
    worst: Difference | None
    used: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """The outcome of comparing a figure's data with its reference.

    Attributes:
        figure: id of the figure.
        problems: why the tables could not be compared properly, one sentence each.
        missing_columns: in the reference or the manifest only.
        extra_columns: in the new table, but neither a key nor given tolerances.
        missing_rows: keys in the reference only.
        extra_rows: keys in the new table only.
        columns: every column compared.
        note: what was not compared, and why; empty where everything was.
    """

    figure: str
    problems: tuple[str, ...] = ()
    missing_columns: tuple[str, ...] = ()
    extra_columns: tuple[str, ...] = ()
    missing_rows: tuple[str, ...] = ()
    extra_rows: tuple[str, ...] = ()
    columns: tuple[ColumnComparison, ...] = ()
    note: str = ""

    @property
    def differing_columns(self) -> tuple[str, ...]:
        """Names of the columns with a value outside its tolerance."""
        return tuple(column.column for column in self.columns if column.differing)

    @property
    def ok(self) -> bool:
        """Nothing differs."""
        structure = (self.problems, self.missing_columns, self.extra_columns, self.missing_rows, self.extra_rows)
        return not any(structure) and not self.differing_columns


def compare(frame: pd.DataFrame, reference: pd.DataFrame, entry: FigureEntry) -> Comparison:
    """Compare the data of a figure with its reference.

    A value y agrees with a reference r where |y − r| ≤ absolute + relative·|r|; NaN agrees with NaN
    only, an infinity with the same infinity. Columns that are not numbers must be equal as texts.

    Args:
        frame: the new table, as `tables.read_table` gives it.
        reference: the reference, read in the same way.
        entry: the figure in the manifest: its key and tolerances.

    Returns:
        The verdict; rows are matched by key, fractions among it by nine digits, so their order does not matter.
    """
    verdict = compare_structure(frame, reference, entry)
    if any(column not in table for table in (frame, reference) for column in entry.key):
        return verdict
    mine, theirs = (table.set_axis(_labels(table, entry.key), axis=0) for table in (frame, reference))
    if not (mine.index.is_unique and theirs.index.is_unique):
        return verdict
    common = [row for row in theirs.index if row in mine.index]
    return replace(
        verdict,
        problems=(*verdict.problems, *_vacuous(reference, entry)),
        missing_rows=tuple(row for row in theirs.index if row not in mine.index),
        extra_rows=tuple(row for row in mine.index if row not in theirs.index),
        columns=tuple(
            _compare_column(
                column, common, list(mine.loc[common, column]), list(theirs.loc[common, column]), limit
            )
            for column, limit in entry.columns.items()
            if column in frame and column in reference
        ),
    )


def compare_structure(frame: pd.DataFrame, reference: pd.DataFrame, entry: FigureEntry) -> Comparison:
    """Compare columns only: which exist, and whether the key identifies rows.

    Args:
        frame: the new table.
        reference: the reference.
        entry: the figure in the manifest.

    Returns:
        A verdict without rows and values.
    """
    known = [*entry.key, *entry.columns]
    problems = [
        f"column {column!r} of {name} is neither a key nor given tolerances in the manifest"
        for name, table in (("your data", frame), ("the reference", reference))
        for column in table.columns
        if column not in known
    ]
    for name, table in (("your data", frame), ("the reference", reference)):
        if all(column in table for column in entry.key):
            labels = _labels(table, entry.key)
            if len(set(labels)) < len(labels):
                repeated = next(label for label in labels if labels.count(label) > 1)
                problems.append(f"several rows of {name} have the key {repeated}")
        else:
            problems.append(f"{name} lacks a key column; keys: {', '.join(entry.key)}")
    return Comparison(
        figure=entry.id,
        problems=tuple(problems),
        missing_columns=tuple(column for column in known if column not in frame),
        extra_columns=tuple(column for column in frame.columns if column not in reference),
    )


def _vacuous(reference: pd.DataFrame, entry: FigureEntry) -> Iterator[str]:
    """Tolerances that would accept zero in place of every value."""
    for column, tolerance in entry.columns.items():
        numbers = [_number(cell) for cell in reference[column]] if column in reference else []
        sizes = [abs(number) for number in numbers if number is not None and math.isfinite(number)]
        largest = max(sizes, default=0.0)
        if largest > ROUNDING and tolerance.absolute >= largest:
            yield (
                f"column {column!r}: its absolute tolerance {tolerance.absolute:g} in the manifest is as large as "
                f"its largest value, {largest:.3g}, and would accept zero everywhere"
            )


def _labels(table: pd.DataFrame, key: Sequence[str]) -> list[str]:
    rows = zip(*(table[column] for column in key), strict=True)
    return [", ".join(f"{column}={_name(cell)}" for column, cell in zip(key, row, strict=True)) for row in rows]


def _name(cell: str) -> str:
    """Nine digits of a fraction: the last ones of a time that was computed are those of one machine."""
    number = _number(cell)
    return cell if number is None or number.is_integer() else f"{number:.9g}"


def _compare_column(
    column: str, rows: list[str], yours: list[str], references: list[str], tolerance: Tolerance
) -> ColumnComparison:
    unequal = [
        difference
        for row, yours_cell, reference_cell in zip(rows, yours, references, strict=True)
        if (difference := _compare_cell(row, yours_cell, reference_cell, tolerance)) is not None
    ]
    found = [difference for difference in unequal if not difference.difference <= difference.allowed]
    return ColumnComparison(
        column=column,
        rows=len(rows),
        differing=len(found),
        worst=max(found, key=_excess, default=None),
        used=max((_excess(difference)[0] for difference in unequal), default=0.0),
    )


def _compare_cell(row: str, yours: str, reference: str, tolerance: Tolerance) -> Difference | None:
    """How two cells differ; None where they are the same."""
    if yours == reference:
        return None
    y, r = _number(yours), _number(reference)
    if y is None or r is None or not (math.isfinite(y) and math.isfinite(r)):
        # Spellings differ, and so do the values unless both are the same infinity or both NaN.
        same = y is not None and r is not None and (y == r or (math.isnan(y) and math.isnan(r)))
        return None if same else Difference(row, yours, reference, math.inf, 0.0)
    return None if y == r else Difference(row, yours, reference, abs(y - r), tolerance.allowed(r))


def _excess(difference: Difference) -> tuple[float, float]:
    ratio = difference.difference / difference.allowed if difference.allowed else math.inf
    return ratio, difference.difference


def _number(text: str) -> float | None:
    return float(text) if NUMBER.fullmatch(text) else None
