"""Wall times: contenders side by side, and how times grow with the size of the problem."""

from __future__ import annotations

from functools import partial

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from ntp_lib.figures.lettering import named_rows, shared_legend, titled
from ntp_lib.figures.sheet import panels, sheet
from ntp_lib.figures.style import MARKERS, colour, dash, ink

# Height of a case's row, in inches.
ROW = 0.72


def contender_times(frame: pd.DataFrame) -> Figure:
    """Draw least, median and largest time of every contender, one row of marks per case.

    Args:
        frame: columns title, contender, outcome, low, median, high (seconds). A contender whose outcome is
            "time limit" is drawn hollow, at the time when it was stopped.
    """
    titles, names = list(dict.fromkeys(frame["title"])), list(dict.fromkeys(frame["contender"]))
    high = 0.7 + ROW * len(titles)
    figure, (axes,) = panels(1, high, narrow_height=high)
    first, last = (-0.2, 0.44) if sheet().stacked else (-0.4, 0.4)
    for i, name in enumerate(names):
        part = frame[frame["contender"] == name]
        offset = first + (last - first) * (i + 0.5) / len(names)
        places = [titles.index(title) + offset for title in part["title"]]
        axes.hlines(places, part["low"], part["high"], color=colour(i), linestyle=dash(i), linewidth=1.4)
        faces = ["none" if outcome == "time limit" else colour(i) for outcome in part["outcome"]]
        mark = partial(axes.scatter, marker=_marker(i), s=26, linewidths=1.2, edgecolors=colour(i))
        mark(part["median"], places, facecolors=faces)
        mark([], [], facecolors=colour(i), label=name)
    for line in range(1, len(titles)):
        axes.axhline(line - 0.5, color=ink(), linewidth=0.4)
    axes.set(xscale="log", xlabel="wall time (s)", ylabel="case")
    named_rows(axes, titles)
    axes.grid(visible=False, axis="y")
    shared_legend(figure)
    return figure


def growth_curves(frame: pd.DataFrame) -> Figure:
    """Draw median and range of times against size on logarithmic axes, one panel per series.

    Args:
        frame: columns series (the quantity that grows), size, contender, low, median, high (seconds).
    """
    series, names = list(dict.fromkeys(frame["series"])), list(dict.fromkeys(frame["contender"]))
    figure, grid = panels(len(series), 2.7)
    for axes, name in zip(grid, series, strict=True):
        for i, contender in enumerate(names):
            part = frame[(frame["series"] == name) & (frame["contender"] == contender)]
            axes.fill_between(part["size"], part["low"], part["high"], color=colour(i), alpha=0.22, lw=0)
            draw = partial(axes.plot, color=colour(i), linestyle=dash(i), marker=_marker(i))
            draw(part["size"], part["median"], markersize=4, label=contender)
        axes.set(xscale="log", yscale="log", xlabel=name, ylabel="wall time (s)")
        titled(axes, f"Against {name}")
        sizes = sorted(frame.loc[frame["series"] == name, "size"].unique())
        axes.set_xticks(sizes, [f"{size:g}" for size in sizes])
        axes.xaxis.set_minor_formatter(NullFormatter())
    shared_legend(figure)
    return figure


def _marker(index: int) -> str:
    # Colours repeat with the same period; shifted, no two of many contenders share both.
    return MARKERS[(index + index // len(MARKERS)) % len(MARKERS)]
