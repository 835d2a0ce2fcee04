"""Shares of attainable margins, and where Adam's increments point (book, geometry)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from ntp_lib.figures.lettering import named_rows, shared_legend, titled
from ntp_lib.figures.sheet import panels, sheet
from ntp_lib.figures.style import MARKERS, colour, dash, ink

CANDIDATES = {
    "gap_frozen": "$W^P$, predicted",
    "gap_frobenius": r"$W^{\mathrm{mm}}$",
    "gap_max": "max-norm solution",
}


def share_panels(frame: pd.DataFrame) -> Figure:
    """Draw margins as shares of the attainable against the step, one panel per value of `panel`.

    Args:
        frame: columns panel, curve, step, share; at most six panels. One is marked by a dotted line.
    """
    names = frame["panel"].unique()
    figure, grid = panels(len(names), 3.0, columns=3, sharey=True)
    for axes, panel in zip(grid, names, strict=True):
        for i, curve in enumerate(frame["curve"].unique()):
            rows = frame[(frame["panel"] == panel) & (frame["curve"] == curve)]
            axes.plot(rows["step"], rows["share"], color=colour(i), linestyle=dash(i), label=curve)
        axes.axhline(1.0, color=ink(), linewidth=1.0, linestyle=":")
        axes.set(xscale="log", xlabel="iteration", ylim=(-0.05, 1.05))
        titled(axes, panel)
    figure.supylabel("share of the attainable margin")
    shared_legend(figure)
    return figure


def candidate_panels(frame: pd.DataFrame) -> Figure:
    """Draw how far increments point from each candidate limit: over stages of one run, and case by case.

    Args:
        frame: columns case, end (the last step of a stage) and, each one minus a cosine, gap_frozen,
            gap_frobenius, gap_max. Cases of several stages are drawn against `end`, the others as rows of marks.
    """
    stages = frame.groupby("case")["end"].nunique()
    in_stages = frame["case"].isin(stages[stages > 1].index)
    runs, cases = frame[in_stages], frame[~in_stages]
    figure, (left, right) = panels(2, 4.4, narrow_height=5.6, ratios=(1, 1.5))
    rows = np.arange(len(cases)) + (0.2 if sheet().stacked else 0.0)
    for i, (column, label) in enumerate(CANDIDATES.items()):
        look: dict[str, Any] = {"color": colour(i), "marker": MARKERS[i], "markersize": 6, "label": label}
        left.plot(runs["end"], runs[column], linestyle=dash(i), **look)
        right.plot(cases[column], rows, linestyle="none", **look)
    left.set(xscale="log", yscale="log", xlabel="end of the stage")
    left.set_ylabel("1 − cosine of the increment")
    ends = sorted(runs["end"].unique())
    left.set_xticks(ends, [f"{end:g}" for end in ends], minor=False)
    left.xaxis.set_minor_formatter(NullFormatter())
    titled(left, "One run, stage by stage")
    _name_rows(right, cases["case"].tolist())
    shared_legend(figure)
    return figure


def drift_panels(frame: pd.DataFrame) -> Figure:
    """Draw how far runs have gone in F_⊥, at which power of the step they go, and what margin they have.

    Args:
        frame: columns curve, step, off (the length of P_⊥ W), slope (of log off in log step; NaN where it is not
            known) and margin (the least one of P_⊥ W). Linear growth is marked by a dotted line.
    """
    figure, grid = panels(3, 2.7, columns=3)
    titles = {
        "off": r"Length of $P_{\perp} W_k$",
        "slope": r"Its slope in $\log k$",
        "margin": r"Margin of $P_{\perp} W_k$",
    }
    for axes, (column, title) in zip(grid, titles.items(), strict=True):
        for i, curve in enumerate(frame["curve"].unique()):
            rows = frame[(frame["curve"] == curve) & frame[column].notna()]
            axes.plot(rows["step"], rows[column], color=colour(i), linestyle=dash(i), label=curve)
        axes.set(xscale="log", xlabel="iteration")
        titled(axes, title)
    grid[0].set(yscale="log", ylabel=r"$\|P_{\perp} W_k\|$")
    ticks = [tick for tick in (1, 3, 10, 30, 100, 300) if frame["off"].min() <= tick <= frame["off"].max()]
    grid[0].set_yticks(ticks, [str(tick) for tick in ticks], minor=False)
    grid[0].yaxis.set_minor_formatter(NullFormatter())
    grid[1].axhline(1.0, color=ink(), linewidth=1.0, linestyle=":")
    grid[1].set(ylim=(0, 1.3), ylabel="power of k")
    grid[2].axhline(0.0, color=ink(), linewidth=1.0, linestyle=":")
    grid[2].set_ylabel("margin")
    shared_legend(figure)
    return figure


def _name_rows(axes: Axes, names: list[str]) -> None:
    axes.set(xscale="log", xlabel="1 − cosine of the increment", ylabel="case")
    named_rows(axes, names)
    titled(axes, "Case by case")
