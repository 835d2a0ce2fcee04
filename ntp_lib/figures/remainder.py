"""What gradient descent leaves beside log k W^mm, and its part on F, for two kinds of data (own-thm-2)."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import colour, dash


def remainder_panels(frame: pd.DataFrame) -> Figure:
    """Draw ‖P_⊥ W_k − log k W^mm‖ and k times the distance of the part on F from its limit.

    Args:
        frame: columns case, step, remainder, scaled_finite; one row per case and recorded step.
    """
    figure, (left, right) = panels(2, 2.8)
    for i, (case, rows) in enumerate(frame.groupby("case", sort=False)):
        for axes, column in ((left, "remainder"), (right, "scaled_finite")):
            axes.plot(rows["step"], rows[column], color=colour(i), linestyle=dash(i), label=str(case))
    titles = (r"Off $\mathcal{F}$: the remainder", r"On $\mathcal{F}$: like 1/k")
    heights = (
        r"$\|P_\perp W_k - \log k\;W^{\mathrm{mm}}\|$",
        r"$k\,\|P_{\mathcal{F}} W_k - W^{\circ}\|$",
    )
    for axes, title, height in zip((left, right), titles, heights, strict=True):
        axes.set(xscale="log", xlabel="iteration k", ylabel=height)
        titled(axes, title)
        axes.set_ylim(bottom=0)
    shared_legend(figure)
    return figure
