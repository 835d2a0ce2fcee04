"""Words and contexts of a two-dimensional problem as arrows in the plane (paper, Figs 1 left and 2)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure

from ntp_lib.figures.labels import Label, apart
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
    words = words.assign(x=words["x"] / longest, y=words["y"] / longest)
    _arrows_and_contexts(axes, words, frame[frame["kind"] == "context"], 1.5, prefix="word ")
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
        titled(axes, title)
        shown = contexts.assign(x=contexts["x"] * reach * 0.5, y=contexts["y"] * reach * 0.5)
        _arrows_and_contexts(axes, rows, shown, 1.3 * reach)
    return figure


def _matrix_over_planes() -> tuple[Figure, Axes, Axes, Axes]:
    stacked = sheet().stacked
    figure = Figure(figsize=(sheet().width, 8.6 if stacked else 5.6), layout="constrained")
    layout = "P;m;s" if stacked else "PP;ms"
    heights = (1.9, 3.3, 3.3) if stacked else (1.8, 3.3)
    axes = figure.subplot_mosaic(layout, height_ratios=heights)
    return figure, axes["P"], axes["m"], axes["s"]


def _wide(frame: pd.DataFrame, matrix: str) -> pd.DataFrame:
    rows = frame[frame["matrix"] == matrix]
    return rows.pivot(index="row", columns="column", values="value")


def _arrows_and_contexts(
    axes: Axes, rows: pd.DataFrame, contexts: pd.DataFrame, reach: float, *, prefix: str = ""
) -> None:
    """Arrows of words from the origin, stars of contexts, and their names; words on the same spot share one."""
    _square(axes, reach)
    spots: dict[tuple[float, float], list[str]] = {}
    for i, row in enumerate(rows.itertuples()):
        axes.annotate("", (row.x, row.y), (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour(i), "lw": 2})
        spots.setdefault((round(row.x, 6), round(row.y, 6)), []).append(str(row.name))
    axes.scatter(contexts["x"], contexts["y"], marker="*", s=120, color=ink(), zorder=4)
    stars = [Label(str(row.name), (row.x, row.y), (1, 1), "bold") for row in contexts.itertuples()]
    # Beyond the arrow's end; an upright one's may lie under a context.
    words = [
        Label(prefix + ", ".join(names), (x, y), (x, y) if abs(x) > 0.05 * np.hypot(x, y) else (1, 0))
        for (x, y), names in spots.items()
    ]
    apart(axes, [*stars, *words], [star.at for star in stars], list(spots))


def _square(axes: Axes, reach: float) -> None:
    axes.set(
        xlim=(-reach, reach),
        ylim=(-reach, reach),
        aspect="equal",
        xlabel="first coordinate",
        ylabel="second coordinate",
    )
