"""Two stages of a layer that selects beside what is proved, and the trap (book, selecting-attention)."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import colour, dash, ink


def select_stage_one(frame: pd.DataFrame) -> Figure:
    """Draw loss, norm and angle of the first stage against the step, with the proved bounds.

    Args:
        frame: columns step, excess_loss, norm, norm_bound (proved from below), one_minus_cosine, bound (proved
            from above), law (predicted).
    """
    figure, grid = panels(3, 3.0, columns=3)
    _curve(grid[0], frame, "step", "excess_loss", "run", 0)
    _curve(grid[1], frame, "step", "norm", "run", 0)
    _curve(grid[1], frame, "step", "norm_bound", "proved", 1)
    _curve(grid[2], frame, "step", "one_minus_cosine", "run", 0)
    _curve(grid[2], frame, "step", "bound", "proved", 1)
    _curve(grid[2], frame, "step", "law", "law", 2)
    return _finished(figure, grid, "log")


def select_stage_two(frame: pd.DataFrame) -> Figure:
    """Draw loss, norm and angle of the second stage against the step; proved bounds from the certificate on.

    Args:
        frame: columns step, excess_loss, loss_bound, norm, norm_bound, one_minus_cosine, bound; bounds are missing
            before the certificate, at whose step there is a vertical line.
    """
    figure, grid = panels(3, 3.0, columns=3)
    for axes, (column, bound) in zip(
        grid,
        (("excess_loss", "loss_bound"), ("norm", "norm_bound"), ("one_minus_cosine", "bound")),
        strict=True,
    ):
        _curve(axes, frame, "step", column, "run", 0)
        _curve(axes, frame, "step", bound, "proved", 1)
        certified = frame.loc[frame["loss_bound"].notna(), "step"]
        if len(certified):
            axes.axvline(certified.iloc[0], color=ink(), linewidth=1.0, linestyle=":", label="certificate")
    return _finished(figure, grid, "linear")


def select_trap(frame: pd.DataFrame) -> Figure:
    """Draw two margins in a trap under two heads, and for which scales and numbers of rivals there is one.

    Args:
        frame: columns panel, curve, x, rivals, value. In panel "margins" x is the path length and value a margin;
            in panel "map" x is the scale τ, and value is 1 where the sentence is lost and 0 where it is learnt
            (curve "run"), or the number of rivals from which the trap is proved (curve "proved").
    """
    figure, (margins, chart) = panels(2, 3.4)
    for i, (curve, part) in enumerate(frame[frame["panel"] == "margins"].groupby("curve", sort=False)):
        margins.plot(part["x"], part["value"], color=colour(i), linestyle=dash(i), label=curve)
    margins.axhline(0.0, color=ink(), linewidth=0.8)
    margins.set(xscale="symlog", yscale="symlog", xlabel="path length Γ", ylabel="margin")
    margins.set_xlim(left=0)
    titled(margins, "Two heads, one start")
    grid = frame[frame["panel"] == "map"]
    for value, name, marker, index in ((1.0, "lost", "X", 1), (0.0, "learnt", "o", 0)):
        part = grid[(grid["curve"] == "run") & (grid["value"] == value)]
        chart.plot(part["x"], part["rivals"], marker=marker, linestyle="none", color=colour(index), label=name)
    line = grid[grid["curve"] == "proved"]
    chart.plot(line["x"], line["value"], color=ink(), linestyle="--", label="lost: proved above")
    chart.set(xlabel="scale τ", ylabel="rivals r")
    titled(chart, "Who is trapped")
    shared_legend(figure, [*margins.get_legend_handles_labels()[0], *chart.get_legend_handles_labels()[0]])
    return figure


def _curve(axes: Axes, frame: pd.DataFrame, x: str, column: str, name: str, index: int) -> None:
    part = frame[(frame[x] > 0) & frame[column].notna() & (frame[column] > 0)]
    axes.plot(part[x], part[column], color=colour(index), linestyle=dash(index), label=name)


def _finished(figure: Figure, grid: list[Axes], across: str) -> Figure:
    for axes, title, label in zip(
        grid, ("Loss", "Norm", "Angle"), ("excess (nats)", "norm", "1 − cos"), strict=True
    ):
        axes.set(xscale=across, yscale="log", xlabel="step", ylabel=label)
        titled(axes, title)
    if across == "linear":
        grid[1].set_yscale("linear")
        for axes in grid:
            axes.locator_params(axis="x", nbins=3)
    shared_legend(figure, source=grid[2])
    return figure
