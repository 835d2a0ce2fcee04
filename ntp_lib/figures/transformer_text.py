"""A transformer on real text: what predicts its geometry, and its decoder beside the limits of the theory."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import MARKERS, colour, dash, ink


def agreement_panels(frame: pd.DataFrame) -> Figure:
    """Draw the correlation of a network's similarities with those of candidate matrices, against the step.

    Args:
        frame: columns panel ("words" or "contexts"), curve (the matrix), step, correlation.
    """
    figure, grid = panels(2, 3.0, sharey=True)
    for axes, (panel, part) in zip(grid, frame.groupby("panel", sort=False), strict=True):
        for i, (curve, line) in enumerate(part.groupby("curve", sort=False)):
            axes.plot(line["step"], line["correlation"], label=curve, **_style(i))
        axes.set(xscale="log", xlabel="step", ylabel="correlation")
        titled(axes, str(panel).capitalize())
    shared_legend(figure)
    return figure


def frozen_panels(frame: pd.DataFrame) -> Figure:
    """Draw a network's decoder beside W* and W^mm of its own embeddings, held fixed at each step.

    Args:
        frame: columns curve (the network), step, excess_loss, log_odds_error, finite_error, cosine; NaN not drawn.
    """
    figure, grid = panels(4, 2.7)
    columns = ("excess_loss", "log_odds_error", "finite_error", "cosine")
    for axes, column in zip(grid, columns, strict=True):
        for i, (curve, line) in enumerate(frame.groupby("curve", sort=False)):
            axes.plot(line["step"], line[column], label=curve, **_style(i))
    loss, logits, inside, direction = grid
    _scaled(loss, "Excess loss", "CE − H (nats)", "log")
    _scaled(logits, "Log-odds", "distance", "log")
    _scaled(inside, r"On $\mathcal{F}$", r"distance from $W^\star$", "log")
    _scaled(direction, r"Off $\mathcal{F}$", r"cosine with $W^{\mathrm{mm}}$", "linear")
    for axes in (inside, direction):
        axes.set_xlim(loss.get_xlim())
    direction.set_ylim(0.0, 1.05)
    direction.axhline(1.0, color=ink(), linewidth=1.0, linestyle=":")
    shared_legend(figure)
    return figure


def _style(i: int) -> dict[str, Any]:
    return {"color": colour(i), "linestyle": dash(i), "marker": MARKERS[i % len(MARKERS)], "markersize": 4}


def _scaled(axes: Axes, title: str, label: str, scale: str) -> None:
    axes.set(xscale="log", yscale=scale, xlabel="step", ylabel=label)
    titled(axes, title)
