"""The regularisation path over many decades of the penalty (paper, Thm 1 and (9))."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import colour, dash, ink


def path_panels(frame: pd.DataFrame) -> Figure:
    """Draw excess loss with its bound, distance of the direction, finite part and norm along the path.

    Args:
        frame: columns radius, penalty, excess_loss, genie_bound, direction_gap, direction_gap_corrected,
            finite_error; one row per point of the path.
    """
    figure, (loss, direction, finite, norm) = panels(4, 3.0)
    _curves(loss, frame, "radius", {"excess_loss": "CE − H", "genie_bound": "bound (9)"})
    loss.set(yscale="log", xlabel="radius B", ylabel="nats")
    titled(loss, "Excess loss falls exponentially")
    labels = {"direction_gap": r"$\widehat{W}_B$", "direction_gap_corrected": r"$\widehat{W}_B - W^{\star}$"}
    _curves(direction, frame, "radius", labels)
    direction.set(xscale="log", yscale="log", xlabel="radius B", ylabel=r"1 − cosine with $W^{\mathrm{mm}}$")
    titled(direction, "Direction: like 1/B²")
    _curves(finite, frame, "radius", {"finite_error": ""})
    finite.set(yscale="log", xlabel="radius B", ylabel=r"$\|P_{\mathcal{F}} \widehat{W}_B - W^{\star}\|$")
    titled(finite, "On F: exponentially close")
    _curves(norm, frame, "penalty", {"radius": ""})
    norm.set(xscale="log", xlabel="penalty λ", ylabel="radius B")
    norm.invert_xaxis()
    titled(norm, "Norm: like log 1/λ")
    for axes in (loss, direction):
        axes.legend(labelcolor=ink())
    return figure


def _curves(axes: Axes, frame: pd.DataFrame, x: str, columns: dict[str, str]) -> None:
    for i, (column, label) in enumerate(columns.items()):
        axes.plot(frame[x], frame[column], color=colour(i), linestyle=dash(i), label=label)
