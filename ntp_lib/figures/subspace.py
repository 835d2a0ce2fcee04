"""The two parts of a decoder in the plane: the one on F settles, the one off F grows (paper, Thm 2)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import MARKERS, colour, dash, ink

# The labels of rows nearer than this share of the panel's width would overlap; they become one.
SAME_SPOT = 0.04
RAY_WIDTH = 0.7


def subspace_plane(frame: pd.DataFrame) -> Figure:
    """Draw the path of every decoder row, split into its part on F and its part off F, with what each tends to.

    Args:
        frame: columns part ("F" or "complement"), curve ("trajectory" or "limit"), word, step, x, y. The limit of
            part "F" is a point, W* (or W°), that of "complement" a direction, W^mm. Decades of `step` get a dot.
    """
    figure, grid = panels(2, 3.7, narrow_height=3.7)
    for axes, part in zip(grid, ("F", "complement"), strict=True):
        rows = frame[frame["part"] == part]
        walked, limits = rows[rows["curve"] == "trajectory"], rows[rows["curve"] == "limit"]
        reach = 1.3 * float(np.abs(rows.loc[rows["curve"] == "trajectory", ["x", "y"]].to_numpy()).max())
        if part == "F":
            reach = max(reach, 1.45 * float(np.abs(limits[["x", "y"]].to_numpy()).max()))
        for i, word in enumerate(limits["word"]):
            _path(axes, walked[walked["word"] == word], i)
        _limits(axes, limits, reach, rays=part == "complement")
        if part == "F":
            _names(axes, limits, reach, beside=False)
        else:
            _names(axes, walked[walked["step"] == walked["step"].max()], reach, beside=True)
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        axes.set(xlabel="first coordinate", ylabel="second coordinate")
    titled(grid[0], r"On $\mathcal{F}$: rows settle on $W^{\star}$")
    titled(grid[1], r"Off $\mathcal{F}$: rows run along $W^{\mathrm{mm}}$")
    handles = [
        _handle("start", marker="s", markersize=6),
        _handle(r"row of $W^{\star}$", marker="*", markersize=12),
        _handle("path of a row, dots at steps 1, 10, 100, …", linestyle="-", linewidth=1.6, marker="."),
        _handle(r"direction of a row of $W^{\mathrm{mm}}$", linestyle="-", linewidth=RAY_WIDTH),
    ]
    shared_legend(figure, handles, location="lower center")
    return figure


def _handle(label: str, **look: Any) -> Line2D:
    return Line2D([], [], color=ink(), label=label, **{"linestyle": "", "markerfacecolor": "none", **look})


def _path(axes: Axes, rows: pd.DataFrame, index: int) -> None:
    """One row's path: a square at its start, and a marker of the word's own at every decade."""
    axes.plot(rows["x"], rows["y"], color=colour(index), linestyle=dash(index), linewidth=1.6)
    start = rows[rows["step"] == 0]
    axes.plot(start["x"], start["y"], "s", color=colour(index), markersize=6, markerfacecolor="none")
    steps = rows["step"].to_numpy()
    decades = rows[(steps > 0) & (np.log10(np.maximum(steps, 1)) % 1 == 0)]
    marker = MARKERS[index % len(MARKERS)]
    axes.plot(decades["x"], decades["y"], marker, linestyle="", color=colour(index), markersize=5)


def _limits(axes: Axes, limits: pd.DataFrame, reach: float, *, rays: bool) -> None:
    for i, row in enumerate(limits.itertuples()):
        if rays:
            far = 2 * reach / max(float(np.hypot(row.x, row.y)), 1e-12)
            axes.plot([0, far * row.x], [0, far * row.y], color=ink(), linewidth=RAY_WIDTH, zorder=1)
        else:
            axes.plot([row.x], [row.y], "*", color=colour(i), markersize=15, markerfacecolor="none", zorder=4)


def _names(axes: Axes, rows: pd.DataFrame, reach: float, *, beside: bool) -> None:
    """Write the words outwards of their points, or beside the ray to them; words on one spot share a label."""
    spots: list[tuple[float, float, list[str]]] = []
    for row in rows.itertuples():
        near = [spot for spot in spots if np.hypot(row.x - spot[0], row.y - spot[1]) < 2 * SAME_SPOT * reach]
        if near:
            near[0][2].append(str(row.word))
        else:
            spots.append((float(row.x), float(row.y), [str(row.word)]))
    for x, y, words in spots:
        length = max(float(np.hypot(x, y)), 1e-12)
        across, up = (y / length, -x / length) if beside else (x / length, y / length)
        side = "center" if abs(across) < 0.25 else "right" if across < 0 else "left"
        level = "center" if abs(up) < 0.25 else "bottom" if up > 0 else "top"
        name = f"word{'s' if len(words) > 1 else ''} {', '.join(words)}"
        axes.annotate(
            name, (x, y), (9 * across, 9 * up), textcoords="offset points", ha=side, va=level, color=ink()
        )
