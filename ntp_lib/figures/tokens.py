"""Stochastic gradient descent on single tokens: at equal clocks, settling in the moving frame, on any data."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import MARKERS, colour, dash, ink

CLOCK = "clock t, sum of the steps"


def token_clocks(frame: pd.DataFrame) -> Figure:
    """Draw the distances of the direction and of the finite part against the clock.

    Args:
        frame: columns curve, clock, gap, finite_error; one row per curve and recorded step after the first.
    """
    figure, (left, right) = panels(2, 2.8)
    for i, (curve, rows) in enumerate(frame.groupby("curve", sort=False)):
        for axes, column in ((left, "gap"), (right, "finite_error")):
            axes.plot(rows["clock"], rows[column], color=colour(i), linestyle=dash(i), label=str(curve))
    _finish(left, "Direction", r"1 − cosine with $W^{\mathrm{mm}}$", logy=True)
    _finish(right, r"Part in $\mathcal{F}$", r"$\|P_{\mathcal{F}}W - W^{\circ}\|$", logy=True)
    shared_legend(figure)
    return figure


def token_settling(frame: pd.DataFrame) -> Figure:
    """Draw what single tokens leave in the moving frame: along N to one rest point, across N to a random one.

    Args:
        frame: columns run, clock, along (distance of ρ from the rest point along W^mm, in log t) and across (the
            free coordinate); several runs.
    """
    figure, (left, right) = panels(2, 2.8)
    for i, (run, rows) in enumerate(frame.groupby("run", sort=False)):
        for axes, column in ((left, "along"), (right, "across")):
            axes.plot(rows["clock"], rows[column], color=colour(i), linestyle=dash(i), label=f"run {run}")
    left.axhline(0.0, color=ink(), linestyle=":", linewidth=1.0)
    _finish(left, "Along: one rest point", "distance from the rest point")
    _finish(right, "Across: whatever chance left", "free coordinate")
    shared_legend(figure)
    return figure


def token_pencil(frame: pd.DataFrame) -> Figure:
    """Draw the probability of a word never seen in its context, and the margin of a diverging pair less log t.

    Args:
        frame: columns curve, clock, probability, lag, and the limits of the last two, probability_limit and
            lag_limit, drawn dotted.
    """
    figure, (left, right) = panels(2, 2.8)
    for i, (curve, rows) in enumerate(frame.groupby("curve", sort=False)):
        for axes, column in ((left, "probability"), (right, "lag")):
            (line,) = axes.plot(rows["clock"], rows[column], color=colour(i), linestyle=dash(i), label=str(curve))
            line.set(marker=MARKERS[i], markersize=3.5)
    for axes, column in ((left, "probability_limit"), (right, "lag_limit")):
        axes.axhline(frame[column].iloc[0], color=ink(), linestyle=":", linewidth=1.0)
    _finish(left, "Word 2 after context 2", "probability")
    _finish(right, "The margin of word 3", "margin − log t")
    shared_legend(figure)
    return figure


def _finish(axes: Axes, title: str, ylabel: str, *, logy: bool = False) -> None:
    axes.set(xscale="log", yscale="log" if logy else "linear", xlabel=CLOCK, ylabel=ylabel)
    titled(axes, title)
