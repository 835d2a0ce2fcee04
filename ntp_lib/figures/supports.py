"""Five words on a circle: the balanced factors of their max-margin matrices, and which of these a path takes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ntp_lib.figures.labels import Label, apart
from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import MARKERS, colour, dash, ink

PLANES = {1: "First plane: once around", 2: "Second plane: twice around"}


def pentagon_planes(frame: pd.DataFrame) -> Figure:
    """Draw words and contexts of Λ_t in its two planes, for several t.

    Args:
        frame: columns extra (t), plane (1 or 2), kind (word or context), name, x, y. Words of the least t in the
            second plane, and of the greatest in the first, are named.
    """
    figure, grid = panels(len(PLANES), 3.5, narrow_height=3.4)
    values = sorted(frame["extra"].unique())
    reach = 1.3 * float(np.hypot(frame["x"], frame["y"]).max())
    for axes, (plane, title) in zip(grid, PLANES.items(), strict=True):
        shown = frame[frame["plane"] == plane]
        for i, extra in enumerate(values):
            for kind, marker, size in (("word", "o", 4.5), ("context", "s", 9)):
                part = shown[(shown["extra"] == extra) & (shown["kind"] == kind)]
                axes.plot(
                    part["x"], part["y"], linestyle="none", marker=marker, color=colour(i), markersize=size,
                    markerfacecolor=colour(i) if kind == "word" else "none", label=f"{kind}s, t = {extra:.2f}",
                )  # fmt: skip
        ring = shown[(shown["extra"] == values[-1 if plane == 1 else 0]) & (shown["kind"] == "word")]
        axes.plot(*np.vstack([ring[["x", "y"]], ring[["x", "y"]].iloc[:1]]).T, color=ink(), linewidth=0.8)
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="first", ylabel="second")
        titled(axes, title)
    shared_legend(figure)
    for axes, plane in zip(grid, PLANES, strict=True):
        shown = frame[(frame["plane"] == plane) & (frame["kind"] == "word")]
        named = shown[shown["extra"] == values[-1 if plane == 1 else 0]]
        points = [(float(x), float(y)) for x, y in zip(named["x"], named["y"], strict=True)]
        apart(axes, [Label(str(n), at, at, "bold") for n, at in zip(named["name"], points, strict=True)], points)
    return figure


def pentagon_paths(frame: pd.DataFrame) -> Figure:
    """Draw the extra margin of opposite tokens against the penalty: where computers are, and far beyond.

    Args:
        frame: columns curve, kind (path, general or predicted), decades (log10 of 1/λ) and extra (t). The general
            solver's points are marks; what is predicted is drawn from 16 decades on.
    """
    figure, (near, far) = panels(2, 3.0)
    for i, (curve, part) in enumerate(frame.groupby("curve", sort=False)):
        path, marks, law = (part[part["kind"] == kind] for kind in ("path", "general", "predicted"))
        for axes, inside in ((near, path["decades"] <= 16), (far, path["decades"] >= 3)):
            shown = path[inside]
            axes.plot(shown["decades"], shown["extra"], color=colour(i), linestyle=dash(i), label=curve)
        near.plot(marks["decades"], marks["extra"], linestyle="none", marker=MARKERS[i], color=colour(i))
        beyond = law[law["decades"] >= 16]
        if len(beyond):
            far.plot(beyond["decades"], beyond["extra"], linestyle="none", marker="x", color=ink(), markersize=7,
                     label=r"$2\,\log(R/|a|)/R$")  # fmt: skip
    near.set(xlabel=r"decades of $1/\lambda$", ylabel="extra margin t", ylim=(0, None), xticks=(4, 8, 12, 16))
    titled(near, "Within reach of a computer")
    far.set(xlabel=r"decades of $1/\lambda$", ylabel="extra margin t", xscale="log", yscale="log")
    titled(far, "Far beyond, with the law")
    shared_legend(figure, source=far)
    return figure
