"""Which matrix is learned, and in what order (book, concepts)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import named_rows, shared_legend, titled
from ntp_lib.figures.sheet import panels, sheet
from ntp_lib.figures.style import MARKERS, colour, dash, ink

SIDES = ("Words", "Contexts")


def concept_order_panels(frame: pd.DataFrame) -> Figure:
    """Draw the strengths of modes against time, one panel for each set of frequencies, with predicted times.

    Args:
        frame: columns frequencies (the title), mode, time, strength, predicted (the time at which the mode should
            pass `level`) and level. Strengths of zero are not drawn, the axis being logarithmic.
    """
    titles = list(dict.fromkeys(frame["frequencies"]))
    figure, grid = panels(len(titles), 3.3)
    for axes, title in zip(grid, titles, strict=True):
        part = frame[frame["frequencies"] == title]
        level = part["level"].iloc[0]
        for i, (mode, curve) in enumerate(part.groupby("mode", sort=False)):
            axes.plot(curve["time"], curve["strength"], color=colour(i), linestyle=dash(i), label=mode)
            axes.plot(curve["predicted"].iloc[:1], [level], color=colour(i), marker=MARKERS[i], linestyle="none",
                      markersize=6)  # fmt: skip
        axes.axhline(level, color=ink(), linewidth=1.0, linestyle=":")
        axes.set(yscale="log", xlabel="time", ylabel="strength of the mode", xlim=(0, part["time"].max()))
        axes.set_ylim(bottom=1e-6)
        titled(axes, title)
    shared_legend(figure)
    return figure


def candidate_curves(frame: pd.DataFrame) -> Figure:
    """Draw how well each matrix predicts the angles between embeddings, against training steps.

    Args:
        frame: columns side (Words or Contexts), matrix, step, correlation.
    """
    figure, grid = panels(2, 3.2)
    for axes, side in zip(grid, SIDES, strict=True):
        part = frame[frame["side"] == side]
        for i, (matrix, curve) in enumerate(part.groupby("matrix", sort=False)):
            axes.plot(curve["step"], curve["correlation"], color=colour(i), linestyle=dash(i), label=matrix)
        axes.axhline(0.0, color=ink(), linewidth=0.8, linestyle=":")
        axes.set(xscale="log", xlabel="step", ylabel="correlation of cosines")
        titled(axes, side)
    shared_legend(figure)
    return figure


def candidate_rows(frame: pd.DataFrame) -> Figure:
    """Draw how well each matrix predicts trained embeddings, a row for each, with the range over the starts.

    Args:
        frame: columns side (Words or Contexts), matrix, text, mean, low, high.
    """
    names = list(dict.fromkeys(frame["matrix"]))
    height = 0.9 + 0.24 * len(names)
    figure, grid = panels(2, height, narrow_height=0.9 + 0.36 * len(names), ratios=(1.35, 1))
    for axes, side in zip(grid, SIDES, strict=True):
        part = frame[frame["side"] == side]
        for i, (text, points) in enumerate(part.groupby("text", sort=False)):
            place = points["matrix"].map(names.index) + row_offset(i)
            spread = [points["mean"] - points["low"], points["high"] - points["mean"]]
            axes.errorbar(points["mean"], place, xerr=spread, color=colour(i), marker=MARKERS[i], linestyle="none",
                          markersize=4.5, linewidth=1.4, label=text)  # fmt: skip
        rows_named(axes, names, first=side == SIDES[0])
        axes.axvline(0.0, color=ink(), linewidth=0.8, linestyle=":")
        axes.set(xlabel="correlation of cosines", ylabel="matrix" if side == SIDES[0] else " ")
        titled(axes, side)
    shared_legend(figure)
    return figure


def row_offset(index: int) -> float:
    """How far below a row's middle its index-th mark stands; on the narrow sheet names take the upper half."""
    return (0.2 if sheet().stacked else -0.12) + 0.2 * index


def rows_named(axes: Axes, names: list[str], *, first: bool) -> None:
    """Name the rows of the first panel, and of every panel where panels stand one below the other."""
    if first or sheet().stacked:
        named_rows(axes, names)
    else:
        axes.set_yticks(range(len(names)), [""] * len(names))
        axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(axis="y", visible=not sheet().stacked)


def curve_look(index: int) -> dict[str, Any]:
    """Colour, dashes and mark of the index-th curve."""
    return {"color": colour(index), "linestyle": dash(index), "marker": MARKERS[index], "markersize": 4}
