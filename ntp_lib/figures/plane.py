"""Words and contexts of a two-dimensional problem as arrows in the plane (paper, Figs 1 left and 2)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import titled
from ntp_lib.figures.sheet import panels, sheet
from ntp_lib.figures.style import TYPE, colour, dash, ink, palette


def plane_geometry(frame: pd.DataFrame) -> Figure:
    """Draw contexts, and each word's decoder row with the line orthogonal to it (paper, Fig. 1 left).

    Args:
        frame: columns kind ("context" or "word"), name, x, y. Lengths are drawn to one scale per kind.
    """
    figure, (axes,) = panels(1, 5.6, narrow_height=3.4)
    words = frame[frame["kind"] == "word"]
    longest = float(np.hypot(words["x"], words["y"]).max())
    for i, word in enumerate(words.itertuples()):
        x, y = word.x / longest, word.y / longest
        along = np.array([-y, x]) / max(np.hypot(x, y), 1e-12) * 1.45
        axes.plot([-along[0], along[0]], [-along[1], along[1]], color=colour(i), linestyle=dash(i), linewidth=0.9)
    _arrows(axes, words.assign(x=words["x"] / longest, y=words["y"] / longest), prefix="word ")
    _contexts(axes, frame[frame["kind"] == "context"])
    _square(axes, 1.5)
    return figure


def support_and_rows(frame: pd.DataFrame) -> Figure:
    """Draw P beside the rows of W^mm and of W* (paper, Fig. 2).

    Args:
        frame: columns matrix ("P", "W_mm", "W_star" or "context"), row, column, value. In "P" rows are contexts
            and columns words; in the others rows are words (or contexts) and columns the coordinates x, y.
    """
    figure, heat, margin, finite = _matrix_over_planes()
    probs = _wide(frame, "P")
    color = to_rgb(palette()[0])
    shades = LinearSegmentedColormap.from_list("shades", [(*color, 0.12), (*color, 0.75)])
    sns.heatmap(
        probs.where(probs > 0), annot=True, fmt=".2f", cmap=shades, vmin=0, vmax=1, cbar=False, linewidths=1,
        linecolor="none", ax=heat, annot_kws={"color": ink(), "fontsize": TYPE},
    )  # fmt: skip
    heat.set(xlabel="word", ylabel="context")
    heat.tick_params(axis="y", rotation=0)
    heat.grid(visible=False)
    titled(heat, "P: next-word probabilities")
    contexts = _wide(frame, "context").reset_index(names="name")
    for axes, matrix, title in (
        (margin, "W_mm", r"$W^{\mathrm{mm}}$: supports only"),
        (finite, "W_star", r"$W^{\star}$: probabilities"),
    ):
        rows = _wide(frame, matrix).reset_index(names="name")
        reach = float(np.hypot(rows["x"], rows["y"]).max())
        _arrows(axes, rows, prefix="")
        _contexts(axes, contexts.assign(x=contexts["x"] * reach * 0.5, y=contexts["y"] * reach * 0.5))
        _square(axes, 1.3 * reach)
        titled(axes, title)
    return figure


def _matrix_over_planes() -> tuple[Figure, Axes, Axes, Axes]:
    stacked = sheet().stacked
    figure = Figure(figsize=(sheet().width, 8.6 if stacked else 5.6), layout="constrained")
    layout = [["P"], ["mm"], ["star"]] if stacked else [["P", "P"], ["mm", "star"]]
    heights = (1.9, 3.3, 3.3) if stacked else (1.8, 3.3)
    axes = figure.subplot_mosaic(layout, height_ratios=heights)
    return figure, axes["P"], axes["mm"], axes["star"]


def _wide(frame: pd.DataFrame, matrix: str) -> pd.DataFrame:
    rows = frame[frame["matrix"] == matrix]
    return rows.pivot(index="row", columns="column", values="value")


def _arrows(axes: Axes, rows: pd.DataFrame, *, prefix: str) -> None:
    """Arrows from the origin; words on the same spot share one label."""
    labels: dict[tuple[float, float], list[str]] = {}
    for i, row in enumerate(rows.itertuples()):
        axes.annotate("", (row.x, row.y), (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour(i), "lw": 2})
        labels.setdefault((round(row.x, 6), round(row.y, 6)), []).append(str(row.name))
    for (x, y), names in labels.items():
        length = max(np.hypot(x, y), 1e-12)
        # Anchored on the side the arrow comes from, so that near arrows do not share a label's place; beside an
        # upright one, whose end may lie under a context.
        upright = abs(x) < 0.05 * length
        offset = (8, 0) if upright else (10 * x / length, 10 * y / length)
        side = "right" if x < 0 and not upright else "left"
        level = "center" if upright else "bottom" if y > 0 else "top"
        axes.annotate(
            prefix + ", ".join(names), (x, y), offset, textcoords="offset points", ha=side, va=level, color=ink()
        )


def _contexts(axes: Axes, rows: pd.DataFrame) -> None:
    axes.scatter(rows["x"], rows["y"], marker="*", s=120, color=ink(), zorder=4)
    for row in rows.itertuples():
        axes.annotate(
            str(row.name), (row.x, row.y), (7, 7), textcoords="offset points", color=ink(), weight="bold"
        )


def _square(axes: Axes, reach: float) -> None:
    axes.set(
        xlim=(-reach, reach),
        ylim=(-reach, reach),
        aspect="equal",
        xlabel="first coordinate",
        ylabel="second coordinate",
    )
