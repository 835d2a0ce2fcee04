"""The regularisation path over many decades of the penalty (paper, Thm 1 and (9))."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntp_lib.figures.style import colour, dash, ink


def path_panels(frame: pd.DataFrame) -> Figure:
    """Draw excess loss with its bound, distance of the direction, finite part and norm along the path.

    Args:
        frame: columns radius, penalty, excess_loss, genie_bound, direction_gap, direction_gap_corrected,
            finite_error; one row per point of the path.
    """
    figure = Figure(figsize=(9.2, 6.0), layout="constrained")
    loss, direction, finite, norm = figure.subplots(2, 2).ravel()
    _curves(loss, frame, "radius", {"excess_loss": "CE − H", "genie_bound": "bound (9)"})
    loss.set(yscale="log", xlabel="radius B", ylabel="nats")
    loss.set_title("Excess loss falls exponentially", loc="left")
    labels = {"direction_gap": r"$\widehat{W}_B$", "direction_gap_corrected": r"$\widehat{W}_B - W^{\star}$"}
    _curves(direction, frame, "radius", labels)
    direction.set(xscale="log", yscale="log", xlabel="radius B", ylabel=r"1 − cosine with $W^{\mathrm{mm}}$")
    direction.set_title("Direction: like 1/B²", loc="left")
    _curves(finite, frame, "radius", {"finite_error": ""})
    finite.set(yscale="log", xlabel="radius B", ylabel=r"$\|P_{\mathcal{F}} \widehat{W}_B - W^{\star}\|$")
    finite.set_title("On F: exponentially close", loc="left")
    _curves(norm, frame, "penalty", {"radius": ""})
    norm.set(xscale="log", xlabel="penalty λ", ylabel="radius B")
    norm.invert_xaxis()
    norm.set_title("Norm: like log 1/λ", loc="left")
    for axes in (loss, direction):
        axes.legend(labelcolor=ink())
    return figure


def _curves(axes: Axes, frame: pd.DataFrame, x: str, columns: dict[str, str]) -> None:
    for i, (column, label) in enumerate(columns.items()):
        axes.plot(frame[x], frame[column], color=colour(i), linestyle=dash(i), label=label)
