"""The flow in logarithmic time: its direction and the law, multipliers, other clocks, a degenerate case."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import legend_below, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import MARKERS, colour, dash

GAP = r"1 − cosine with $W^{\mathrm{mm}}$"
TIME = "s = log t"


def flow_law(frame: pd.DataFrame) -> Figure:
    """Draw s² times the distance of the direction, with both laws over it, and how far the laws are off.

    Args:
        frame: columns log_time, measure ("W" or "W − W*"), gap, law, law_refined, miss, miss_refined; the misses
            are |law / gap − 1|. One row per time and measure.
    """
    figure, (left, right) = panels(2, 4.2, narrow_height=4.2)
    names = {"W": "$W$", "W − W*": r"$W - W^{\star}$"}
    for i, (measure, rows) in enumerate(frame.groupby("measure", sort=False)):
        name = names.get(str(measure), str(measure))
        points: dict[str, Any] = {"color": colour(i), "marker": MARKERS[i], "markersize": 4.5, "linestyle": "none"}
        squared = rows["log_time"] ** 2
        left.plot(rows["log_time"], squared * rows["gap"], label=f"flow, {name}", **points)
        for k, (column, which) in enumerate((("law", "law"), ("law_refined", "refined law"))):
            line: dict[str, Any] = {"color": colour(i), "linestyle": dash(k + 1)}
            left.plot(rows["log_time"], squared * rows[column], label=f"{which}, {name}", **line)
    rows = frame[frame["measure"] == frame["measure"].iloc[0]]
    for i, (column, name) in enumerate((("miss", "leading law"), ("miss_refined", "refined law"))):
        right.plot(rows["log_time"], rows[column], color=colour(i), linestyle=dash(i), label=name)
    _finish(left, "Direction: like 1/log² t", r"$s^2\,(1 - \cos)$", logy=False)
    _finish(right, "Relative error of the law", "|law / flow − 1|")
    return figure


def flow_multipliers(frame: pd.DataFrame) -> Figure:
    """Draw how far the off-support masses, times t, are from the multipliers of the NTP-SVM.

    Args:
        frame: columns log_time, pair, error; one curve per value of `pair`.
    """
    figure, (axes,) = panels(1, 3.9, narrow_height=3.4)
    for i, (pair, rows) in enumerate(frame.groupby("pair", sort=False)):
        axes.plot(rows["log_time"], rows["error"], color=colour(i), linestyle=dash(i), label=str(pair))
    _finish(axes, "", "share of the largest multiplier", logx=False)
    return figure


def flow_clocks(frame: pd.DataFrame) -> Figure:
    """Draw the distance of the direction of several methods against the flow's time, and their clocks.

    Args:
        frame: columns curve, log_time, step, gap, gap_corrected; step is NaN for curves that take no steps.
    """
    figure, (left, right) = panels(2, 3.9, narrow_height=3.9)
    for i, (curve, rows) in enumerate(frame.groupby("curve", sort=False)):
        stepped = rows["step"].notna().any()
        look = (
            {"marker": MARKERS[i], "markersize": 4.5, "linestyle": "none"} if stepped else {"linestyle": dash(i)}
        )
        left.plot(rows["log_time"], rows["gap"], color=colour(i), label=str(curve), **look)
        if stepped:
            right.plot(rows["step"], rows["log_time"], color=colour(i), linestyle=dash(i), label=str(curve))
    _finish(left, "One curve in the flow's time", GAP, logx=False)
    _finish(right, "The clocks", TIME, logy=False)
    right.set_xlabel("iteration")
    return figure


def flow_degenerate(frame: pd.DataFrame) -> Figure:
    """Draw s²(1 − cosine) and the drift across W^mm for active pairs with and without a multiplier of zero.

    Args:
        frame: columns case, log_time, scaled_gap, drift.
    """
    figure, (left, right) = panels(2, 3.4, narrow_height=3.4)
    for i, (case, rows) in enumerate(frame.groupby("case", sort=False)):
        for axes, column in ((left, "scaled_gap"), (right, "drift")):
            axes.plot(rows["log_time"], rows[column], color=colour(i), linestyle=dash(i), label=str(case))
    _finish(left, "The law's constant", r"$s^2\,(1 - \cos)$")
    _finish(right, r"Part of $\rho$ across $W^{\mathrm{mm}}$", r"$\|\rho^{\perp}\|$", logy=False)
    return figure


def _finish(axes: Axes, title: str, ylabel: str, *, logx: bool = True, logy: bool = True) -> None:
    axes.set(xscale="log" if logx else "linear", yscale="log" if logy else "linear", xlabel=TIME, ylabel=ylabel)
    if title:
        titled(axes, title)
    legend_below(axes)
