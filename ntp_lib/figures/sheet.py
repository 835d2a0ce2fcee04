"""The sheet a figure is drawn on: as wide as the page's column, or as wide as a telephone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure


@dataclass(frozen=True)
class Sheet:
    """What a drawing has to know of the place it is shown in.

    Attributes:
        name: "wide" or "narrow".
        width: in inches of 96 pixels, as wide as it is shown; type drawn at 10 points is then read at 10 points.
        stacked: whether panels stand one below the other.
    """

    name: str
    width: float
    stacked: bool


# The column of a page in a window of 1280 pixels, and that of the smallest telephone in use, 360 pixels wide.
WIDE = Sheet("wide", 6.99, stacked=False)
NARROW = Sheet("narrow", 3.42, stacked=True)
# A panel as wide as a telephone looks best no higher than this.
NARROW_HEIGHT = 2.7

_current = ContextVar("sheet", default=WIDE)


@contextmanager
def drawn_on(sheet: Sheet) -> Iterator[Sheet]:
    """Draw on another sheet."""
    token = _current.set(sheet)
    try:
        yield sheet
    finally:
        _current.reset(token)


def sheet() -> Sheet:
    """The sheet in force."""
    return _current.get()


def panels(
    count: int,
    height: float,
    *,
    columns: int = 2,
    narrow_height: float = NARROW_HEIGHT,
    sharey: bool = False,
    ratios: Sequence[float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """A figure as wide as the sheet with panels side by side, or one below the other where there is no room.

    Args:
        count: how many panels.
        height: of one panel with its title and labels, in inches.
        columns: panels side by side on the wide sheet.
        narrow_height: of one panel on the narrow sheet; a lower one stays as it is.
        sharey: one vertical scale for all.
        ratios: widths of the columns on the wide sheet.
    """
    stacked = sheet().stacked
    columns = 1 if stacked else min(columns, count)
    rows = -(-count // columns)
    high = min(height, narrow_height) if stacked else height
    figure = Figure(figsize=(sheet().width, rows * high), layout="constrained")
    grid = figure.subplots(
        rows, columns, squeeze=False, sharey=sharey, width_ratios=None if columns == 1 else ratios
    ).ravel()
    for axes in grid[count:]:
        axes.remove()
    return figure, list(grid[:count])
