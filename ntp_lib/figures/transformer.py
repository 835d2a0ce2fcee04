"""A transformer on a grammar: its training, the geometry of its embeddings, and the order of what it learns."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import colour, dash, ink

TRAINING = {
    "excess_loss": ("Excess loss", "CE − H (nats)"),
    "finite_error": ("Inside the supports", r"relative distance from $\Lambda^{\star}$"),
    "direction_gap": ("Direction of the logits", r"1 − cosine with $\Lambda^{\mathrm{mm}}$"),
    "twin_distance": ("Contexts with equal supports", "mean distance of unit rows"),
}


def transformer_panels(frame: pd.DataFrame) -> Figure:
    """Draw loss, finite part, direction and collapse of a transformer against its steps.

    Args:
        frame: columns curve, step, excess_loss, finite_error, direction_gap, twin_distance. Step 0 is not drawn,
            the axis being logarithmic.
    """
    figure, grid = panels(4, 2.7)
    for axes, (column, (title, label)) in zip(grid, TRAINING.items(), strict=True):
        _curves(axes, frame[frame["step"] > 0], column)
        axes.set(xscale="log", yscale="log", xlabel="iteration", ylabel=label)
        titled(axes, title)
    shared_legend(figure)
    return figure


def contrast_curves(frame: pd.DataFrame) -> Figure:
    """Draw when a network learns to tell groups of words apart.

    Args:
        frame: columns panel (one panel each), contrast (one curve each), step, share (of what it is in the end).
    """
    names = list(frame["panel"].unique())
    figure, grid = panels(len(names), 3.0, sharey=True)
    for axes, name in zip(grid, names, strict=True):
        part = frame[frame["panel"] == name].rename(columns={"contrast": "curve"})
        _curves(axes, part, "share")
        axes.axhline(0.5, color=ink(), linewidth=1.0, linestyle=":")
        axes.set(xlabel="iteration", ylabel="share of its last value")
        titled(axes, str(name))
    shared_legend(figure)
    return figure


def similarity_maps(frame: pd.DataFrame) -> Figure:
    """Draw cosines between rows as square maps, one per panel.

    Args:
        frame: columns panel (one map each), kind (of what the rows are), row, column (numbers, row ≤ column),
            group (of the row, named on the axis at the middle of its rows), cosine.
    """
    names = list(frame["panel"].unique())
    figure, grid = panels(len(names), 2.5, columns=3, narrow_height=2.9)
    image = None
    for axes, name in zip(grid, names, strict=True):
        part = frame[frame["panel"] == name]
        image = axes.imshow(_square(part), cmap="RdBu_r", norm=Normalize(-1, 1), aspect="auto")
        groups = part[part["row"] == part["column"]].groupby("group", sort=False)["row"]
        axes.set_yticks([*groups.mean()], [str(group) for group in groups.groups])
        axes.set(xlabel=part["kind"].iloc[0], ylabel=part["kind"].iloc[0])
        _ruled(axes, edges=[float(first) - 0.5 for first in groups.min()][1:])
        titled(axes, str(name))
    if image is not None:
        # Shares of a stack of six are inches of another figure.
        room, gap = 0.5 / figure.get_figheight(), 0.1 / figure.get_figheight()
        bar = figure.colorbar(image, ax=grid, location="bottom", shrink=0.8, aspect=30, fraction=room, pad=gap)
        bar.set_ticks([-1, -0.5, 0, 0.5, 1])
        bar.set_label("cosine")
    return figure


def _curves(axes: Axes, frame: pd.DataFrame, column: str) -> None:
    for i, (curve, part) in enumerate(frame.groupby("curve", sort=False)):
        axes.plot(part["step"], part[column], color=colour(i), linestyle=dash(i), label=str(curve))


def _square(part: pd.DataFrame) -> pd.DataFrame:
    upper = part.pivot(index="row", columns="column", values="cosine")
    return upper.combine_first(upper.T)


def _ruled(axes: Axes, edges: Sequence[float]) -> None:
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for edge in edges:
        axes.axhline(edge, color="#808080", linewidth=0.6)
        axes.axvline(edge, color="#808080", linewidth=0.6)
