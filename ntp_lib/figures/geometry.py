"""Shares of attainable margins, and where Adam's increments point (book, geometry)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

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
    panels = frame["panel"].unique()
    figure = Figure(figsize=(3.4 * len(panels), 3.7), layout="constrained")
    for axes, panel in zip(figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], panels, strict=True):
        for i, curve in enumerate(frame["curve"].unique()):
            rows = frame[(frame["panel"] == panel) & (frame["curve"] == curve)]
            axes.plot(rows["step"], rows["share"], color=colour(i), linestyle=dash(i), label=curve)
        axes.axhline(1.0, color=ink(), linewidth=1.0, linestyle=":")
        axes.set(xscale="log", xlabel="iteration", ylim=(-0.05, 1.05))
        axes.set_title(panel, loc="left")
    figure.supylabel("share of the attainable margin", fontsize=10)
    _shared_legend(figure)
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
    figure = Figure(figsize=(9.6, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.4))
    for i, (column, label) in enumerate(CANDIDATES.items()):
        look = {"color": colour(i), "marker": MARKERS[i], "markersize": 6, "label": label}
        left.plot(runs["end"], runs[column], linestyle=dash(i), **look)
        right.plot(cases[column], np.arange(len(cases)), linestyle="none", **look)
    left.set(xscale="log", yscale="log", xlabel="iteration at the end of the stage")
    left.set_ylabel("1 − cosine of the increment")
    ends = sorted(runs["end"].unique())
    left.set_xticks(ends, [f"{end:g}" for end in ends], minor=False)
    left.xaxis.set_minor_formatter(NullFormatter())
    left.set_title("One run, stage by stage", loc="left")
    _name_rows(right, cases["case"].tolist())
    _shared_legend(figure)
    return figure


def drift_panels(frame: pd.DataFrame) -> Figure:
    """Draw how far runs have gone in F_⊥, at which power of the step they go, and what margin they have.

    Args:
        frame: columns curve, step, off (the length of P_⊥ W), slope (of log off in log step; NaN where it is not
            known) and margin (the least one of P_⊥ W). Linear growth is marked by a dotted line.
    """
    figure = Figure(figsize=(10.2, 3.7), layout="constrained")
    panels = figure.subplots(1, 3)
    titles = {
        "off": r"Length of $P_{\perp} W_k$",
        "slope": r"Its slope in $\log k$",
        "margin": r"Least margin of $P_{\perp} W_k$",
    }
    for axes, (column, title) in zip(panels, titles.items(), strict=True):
        for i, curve in enumerate(frame["curve"].unique()):
            rows = frame[(frame["curve"] == curve) & frame[column].notna()]
            axes.plot(rows["step"], rows[column], color=colour(i), linestyle=dash(i), label=curve)
        axes.set(xscale="log", xlabel="iteration")
        axes.set_title(title, loc="left")
    panels[0].set(yscale="log", ylabel=r"$\|P_{\perp} W_k\|$")
    ticks = [tick for tick in (1, 3, 10, 30, 100, 300) if frame["off"].min() <= tick <= frame["off"].max()]
    panels[0].set_yticks(ticks, [str(tick) for tick in ticks], minor=False)
    panels[0].yaxis.set_minor_formatter(NullFormatter())
    panels[1].axhline(1.0, color=ink(), linewidth=1.0, linestyle=":")
    panels[1].set(ylim=(0, 1.3), ylabel="power of k")
    panels[2].axhline(0.0, color=ink(), linewidth=1.0, linestyle=":")
    panels[2].set_ylabel("margin")
    _shared_legend(figure)
    return figure


def _name_rows(axes: Axes, names: list[str]) -> None:
    axes.set(xscale="log", xlabel="1 − cosine of the increment", ylabel="case")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_title("Case by case", loc="left")


def _shared_legend(figure: Figure) -> None:
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), labelcolor=ink())
