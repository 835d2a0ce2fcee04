"""Words and contexts of a two-dimensional problem as arrows in the plane (paper, Figs 1 left and 2)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure

from ntp_lib.figures.style import colour, dash, ink, palette


def plane_geometry(frame: pd.DataFrame) -> Figure:
    """Draw contexts, and each word's decoder row with the line orthogonal to it (paper, Fig. 1 left).

    Args:
        frame: columns kind ("context" or "word"), name, x, y. Lengths are drawn to one scale per kind.
    """
    figure = Figure(figsize=(6.4, 6.0), layout="constrained")
    axes = figure.subplots()
    words = frame[frame["kind"] == "word"]
    longest = float(np.hypot(words["x"], words["y"]).max())
    for i, word in enumerate(words.itertuples()):
        x, y = word.x / longest, word.y / longest
        along = np.array([-y, x]) / max(np.hypot(x, y), 1e-12) * 1.45
        axes.plot([-along[0], along[0]], [-along[1], along[1]], color=colour(i), linestyle=dash(i), linewidth=0.9)
    _arrows(axes, words.assign(x=words["x"] / longest, y=words["y"] / longest), prefix="word ")
    _contexts(axes, frame[frame["kind"] == "context"])
    _square(axes, 1.5)
    axes.set_title("Contexts (stars) and decoder rows after training", loc="left")
    return figure


def support_and_rows(frame: pd.DataFrame) -> Figure:
    """Draw P beside the rows of W^mm and of W* (paper, Fig. 2).

    Args:
        frame: columns matrix ("P", "W_mm", "W_star" or "context"), row, column, value. In "P" rows are contexts
            and columns words; in the others rows are words (or contexts) and columns the coordinates x, y.
    """
    figure = Figure(figsize=(10.4, 3.9), layout="constrained")
    heat, margin, finite = figure.subplots(1, 3)
    probs = _wide(frame, "P")
    color = to_rgb(palette()[0])
    shades = LinearSegmentedColormap.from_list("shades", [(*color, 0.12), (*color, 0.75)])
    sns.heatmap(
        probs.where(probs > 0), annot=True, fmt=".2f", cmap=shades, vmin=0, vmax=1, cbar=False, linewidths=1,
        linecolor="none", ax=heat, annot_kws={"color": ink()},
    )  # fmt: skip
    heat.set(xlabel="word", ylabel="context")
    heat.grid(visible=False)
    heat.set_title("P: next-word probabilities", loc="left")
    contexts = _wide(frame, "context").reset_index(names="name")
    for axes, matrix, title in (
        (margin, "W_mm", r"Rows of $W^{\mathrm{mm}}$: supports only"),
        (finite, "W_star", r"Rows of $W^{\star}$: probabilities"),
    ):
        rows = _wide(frame, matrix).reset_index(names="name")
        reach = float(np.hypot(rows["x"], rows["y"]).max())
        _arrows(axes, rows, prefix="")
        _contexts(axes, contexts.assign(x=contexts["x"] * reach * 0.5, y=contexts["y"] * reach * 0.5))
        _square(axes, 1.3 * reach)
        axes.set_title(title, loc="left")
    return figure


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
        offset = (10 * x / length, 10 * y / length)
        # Anchored on the side the arrow comes from, so that near arrows do not share a label's place.
        side = "center" if abs(x) < 0.05 * length else "right" if x < 0 else "left"
        level = "bottom" if y > 0 else "top"
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
