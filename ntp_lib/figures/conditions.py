"""When the loss reaches its entropy: trajectories of good and failing data, and a certificate of failure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ntp_lib.figures.style import colour, dash, ink


def excess_by_case(frame: pd.DataFrame) -> Figure:
    """Draw the excess loss of gradient descent for several data sets, and the floor of each.

    Args:
        frame: columns case, step, excess_loss, floor; floor is inf CE − H, 0 where both conditions hold and NaN
            where it is not known.
    """
    figure = Figure(figsize=(7.6, 4.4), layout="constrained")
    axes = figure.subplots()
    for i, (case, part) in enumerate(frame[frame["step"] > 0].groupby("case", sort=False)):
        axes.plot(part["step"], part["excess_loss"], color=colour(i), linestyle=dash(i), label=str(case))
        floor = float(part["floor"].iloc[0])
        if np.isfinite(floor) and floor > 0:
            axes.axhline(floor, color=colour(i), linewidth=0.9, linestyle=":")
            axes.annotate("its floor", (1.1, floor), (0, 3), textcoords="offset points", color=ink(), fontsize=9)
    axes.set(xscale="log", yscale="log", xlabel="iteration", ylabel="CE − H (nats)")
    axes.legend()
    return figure


def certificate_map(frame: pd.DataFrame) -> Figure:
    """Draw a certificate of non-separability as a matrix of contexts and tokens.

    Args:
        frame: columns context, token, weight, in_support.
    """
    wide = frame.pivot(index="context", columns="token", values="weight")
    inside = frame.pivot(index="context", columns="token", values="in_support")
    reach = float(np.abs(wide.to_numpy()).max())
    figure = Figure(figsize=(6.8, 3.6), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(wide, cmap="RdBu_r", norm=TwoSlopeNorm(0, -reach, reach), aspect="auto")
    rows, columns = np.nonzero(inside.to_numpy())
    axes.scatter(columns, rows, s=22, facecolors="none", edgecolors="#1c2430")
    axes.set(xlabel="token", ylabel="context")
    axes.set_xticks(range(len(wide.columns)), [str(c) for c in wide.columns])
    axes.set_yticks(range(len(wide.index)), [str(c) for c in wide.index])
    axes.grid(visible=False)
    figure.colorbar(image, ax=axes, label="certificate entry")
    # The map is light in the middle on any page, the legend stands on the page itself.
    ring = Line2D(
        [], [], marker="o", linestyle="", markerfacecolor="none", markeredgecolor=ink(), label="in support"
    )
    figure.legend(handles=[ring], loc="outside upper left", labelcolor=ink())
    return figure
