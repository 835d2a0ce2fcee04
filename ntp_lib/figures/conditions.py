"""When the loss reaches its entropy: trajectories of good and failing data, and a certificate of failure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ntp_lib.figures.lettering import shared_legend
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import LIGHT, colour, dash, ink

RING = 1.8


def excess_by_case(frame: pd.DataFrame) -> Figure:
    """Draw the excess loss of gradient descent for several data sets, and the floor of each.

    Args:
        frame: columns case, step, excess_loss, floor; floor is inf CE − H, 0 where both conditions hold and NaN
            where it is not known.
    """
    figure, (axes,) = panels(1, 4.4)
    for i, (case, part) in enumerate(frame[frame["step"] > 0].groupby("case", sort=False)):
        axes.plot(part["step"], part["excess_loss"], color=colour(i), linestyle=dash(i), label=str(case))
        floor = float(part["floor"].iloc[0])
        if np.isfinite(floor) and floor > 0:
            axes.axhline(floor, color=colour(i), linewidth=0.9, linestyle=":")
            axes.annotate("its floor", (1.1, floor), (0, 3), textcoords="offset points", color=ink())
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
    figure, (axes,) = panels(1, 3.4)
    image = axes.imshow(wide, cmap="RdBu_r", norm=TwoSlopeNorm(0, -reach, reach), aspect="auto")
    rows, columns = np.nonzero(inside.to_numpy())
    # A ring of both colours is seen on the deepest and on the palest cell, whatever the page is.
    for edge, thickness in ((LIGHT.paper, RING + 2.4), (LIGHT.ink, RING)):
        axes.scatter(columns, rows, s=130, facecolors="none", edgecolors=edge, linewidths=thickness)
    axes.set(xlabel="token", ylabel="context")
    axes.set_xticks(range(len(wide.columns)), [str(c) for c in wide.columns])
    axes.set_yticks(range(len(wide.index)), [str(c) for c in wide.index])
    axes.grid(visible=False)
    figure.colorbar(image, ax=axes, label="certificate entry")
    ring = Line2D([], [], marker="o", linestyle="", markersize=9, markerfacecolor="none", label="in support")
    # The legend stands on the page itself.
    ring.set(markeredgecolor=ink(), markeredgewidth=RING)
    shared_legend(figure, [ring], location="upper left")
    return figure
