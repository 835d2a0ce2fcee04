"""The comparison with the max-margin direction along a trajectory (paper, Lemma 5, (14))."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import colour, dash, ink


def comparison_curves(frame: pd.DataFrame) -> Figure:
    """Draw the excess loss of the compared point over that of the iterate, for several α.

    Args:
        frame: columns step, alpha, ratio.
    """
    figure, (axes,) = panels(1, 4.2)
    for i, (alpha, part) in enumerate(frame.groupby("alpha")):
        axes.plot(part["step"], part["ratio"], color=colour(i), linestyle=dash(i), label=f"α = {alpha:g}")
    axes.axhline(1.0, color=ink(), linewidth=1.0, linestyle=":")
    axes.set(xscale="log", yscale="log", xlabel="iteration", ylabel="ratio of excess losses")
    axes.legend(labelcolor=ink())
    return figure
