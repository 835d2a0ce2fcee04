"""A figure's data as CSV: every digit kept, and read back as text so that nothing is guessed."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ntp_lib.companion.reproduction.errors import ReproductionError

if TYPE_CHECKING:
    import pandas as pd


def csv_text(frame: pd.DataFrame) -> str:
    """The frame as CSV; 17 significant digits give every float64 back unchanged."""
    return frame.to_csv(index=False, float_format="%.17g", na_rep="nan", lineterminator="\n")


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV written by `csv_text`, every cell as text.

    Args:
        path: the file.

    Returns:
        A frame of texts; the token "NA" stays a token.

    Raises:
        ReproductionError: the file is missing or is not a table.
    """
    import pandas as pd

    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReproductionError(f"{path.name}: not a readable table ({error})") from error
    if not rows or not rows[0] or len(set(rows[0])) < len(rows[0]):
        raise ReproductionError(f"{path.name}: not a readable table (its first row must name different columns)")
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(rows[0]):
            lengths = f"row {number} has {len(row)} cells, the heading {len(rows[0])}"
            raise ReproductionError(f"{path.name}: not a readable table ({lengths})")
    return pd.DataFrame(rows[1:], columns=rows[0], dtype=str)


def require_tidy(frame: pd.DataFrame, key: Sequence[str], figure: str) -> None:
    """Refuse a frame that a CSV or a comparison could not represent faithfully.

    Args:
        frame: the data of a figure.
        key: columns that identify a row; may be empty where they are not known.
        figure: name of the figure, for the message.

    Raises:
        ReproductionError: the frame is empty, hides data in its index, has unsuitable columns, or
            its key is incomplete or repeated.
    """
    import pandas as pd

    if frame.empty:
        raise ReproductionError(f"{figure}: the frame is empty")
    if frame.index.nlevels > 1 or frame.index.name is not None:
        raise ReproductionError(f"{figure}: the index {list(frame.index.names)} would be lost; use reset_index()")
    if not all(isinstance(column, str) for column in frame.columns) or not frame.columns.is_unique:
        raise ReproductionError(f"{figure}: column names must be distinct texts, found {list(frame.columns)}")
    for column in frame.columns:
        values = frame[column]
        if pd.api.types.is_object_dtype(values) and not all(isinstance(value, str) for value in values):
            wrong = next(value for value in values if not isinstance(value, str))
            raise ReproductionError(f"{figure}: column {column!r} holds {wrong!r}; valid: numbers, or texts only")
    if missing := [column for column in key if column not in frame.columns]:
        raise ReproductionError(f"{figure}: no key column {missing[0]!r}; columns: {', '.join(frame.columns)}")
    for column in key:
        if frame[column].isna().any():
            raise ReproductionError(f"{figure}: key column {column!r} has missing values")
    if key and (repeated := frame.duplicated(list(key))).any():
        row = ", ".join(f"{column}={frame.loc[repeated, column].iloc[0]}" for column in key)
        raise ReproductionError(f"{figure}: several rows have the key {row}")
