"""How the splitting approaches its two answers (book, chapter on the structured solver)."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import colour, dash


def splitting_residuals(frame: pd.DataFrame) -> Figure:
    """Draw the violation of the constraints, and the margin that the dual variable leaves possible.

    Args:
        frame: columns problem, iteration, violation (relative to the margin asked for), excluded_margin (of unit
            decoders).
    """
    figure, (left, right) = panels(2, 2.9)
    for i, (problem, rows) in enumerate(frame.groupby("problem", sort=False)):
        look = {"color": colour(i), "linestyle": dash(i), "label": problem}
        left.plot(rows["iteration"], rows["violation"], **look)
        right.plot(rows["iteration"], rows["excluded_margin"], **look)
    left.set(yscale="log", xlabel="iteration", ylabel="violation (margin 1)")
    titled(left, "A decoder comes into reach")
    right.set(yscale="log", xlabel="iteration", ylabel=r"$\|A^{\mathsf{T}}\hat{H}\|\,/\,\sum|a_{jv}|$")
    titled(right, "No unit decoder has a larger margin")
    shared_legend(figure)
    return figure
