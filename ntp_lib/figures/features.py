"""Trained embeddings against steps of gradient descent or against the penalty of weight decay."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import colour, dash, ink

PANELS = {
    "excess_loss": ("Excess loss", "CE − H (nats)"),
    "finite_error": ("Inside the supports", r"distance from $L^{\star}$"),
    "direction_gap": ("Off the supports", r"1 − cosine with $\Lambda^{\mathrm{mm}}$"),
    "collapse": ("Collapse of twins", "largest distance"),
}


def feature_flow_panels(frame: pd.DataFrame) -> Figure:
    """Draw the direction and the singular values of the logits against the logarithm of time.

    Args:
        frame: columns start, log_time, cosine, singular_3 (a share of the first); one curve per value of `start`,
            and the row `wanted` with the share in L^mm.
    """
    figure, (direction, shares) = panels(2, 2.8)
    wanted = frame[frame["start"] == "wanted"].iloc[0]
    for i, (start, part) in enumerate(frame[frame["start"] != "wanted"].groupby("start", sort=False)):
        style: dict[str, Any] = {"color": colour(i), "linestyle": dash(i)}
        direction.plot(part["log_time"], part["cosine"], label=start, **style)
        shares.plot(part["log_time"], part["singular_3"], label=start, **style)
    shares.axhline(wanted["singular_3"], color=ink(), linewidth=1.0, linestyle=":")
    shares.annotate(r"$\Lambda^{\mathrm{mm}}$", (0.02, wanted["singular_3"]), (0, -14), textcoords="offset points",
                    xycoords=("axes fraction", "data"), color=ink())  # fmt: skip
    direction.axhline(1.0, color=ink(), linewidth=1.0, linestyle=":")
    direction.set(xlabel="log t", ylabel=r"cosine with $\Lambda^{\mathrm{mm}}$")
    titled(direction, "Falling, then rising")
    shares.set(xlabel="log t", ylabel=r"$\sigma_3\,/\,\sigma_1$")
    titled(shares, "The missing direction wakes")
    shared_legend(figure)
    return figure


def feature_panels(frame: pd.DataFrame) -> Figure:
    """Draw loss, finite part, direction and collapse of trained embeddings.

    Args:
        frame: columns curve, step or penalty, excess_loss, finite_error, direction_gap, collapse. Step 0 is not
            drawn, the axis being logarithmic; penalties fall to the right.
    """
    x = "step" if "step" in frame.columns else "penalty"
    figure, grid = panels(4, 2.7)
    for axes, (column, (title, label)) in zip(grid, PANELS.items(), strict=True):
        for i, (curve, part) in enumerate(frame[frame[x] > 0].groupby("curve", sort=False)):
            axes.plot(part[x], part[column], color=colour(i), linestyle=dash(i), label=curve)
        axes.set(xscale="log", yscale="log", xlabel="iteration" if x == "step" else "penalty λ", ylabel=label)
        titled(axes, title)
        if x == "penalty":
            axes.invert_xaxis()
    shared_legend(figure)
    return figure
