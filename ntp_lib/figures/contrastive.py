"""Class geometry under the contrastive loss: against imbalance, and as features grow long (book, contrastive)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import MARKERS, colour, dash, ink

PAIRS = {"small_pair": "Two small classes", "large_pair": "Two large classes"}


def imbalance_panels(frame: pd.DataFrame) -> Figure:
    """Draw cosines of two small and of two large classes against the ratio of their sizes.

    Args:
        frame: columns curve, ratio, small_pair, large_pair, together (1 where the small classes are proved to
            coincide). The first such ratio of a curve is marked.
    """
    figure, grid = panels(2, 3.2)
    for axes, (column, title) in zip(grid, PAIRS.items(), strict=True):
        for i, (curve, part) in enumerate(frame.groupby("curve", sort=False)):
            look: dict[str, Any] = {"color": colour(i), "linestyle": dash(i)}
            axes.plot(part["ratio"], part[column], label=curve, **look)
            first = part[part["together"] == 1].head(1)
            axes.plot(first["ratio"], first[column], color=colour(i), marker=MARKERS[i], linestyle="none")
        axes.axhline(0.0, color=ink(), linewidth=0.8, linestyle=":")
        axes.set(xscale="log", ylim=(-1.08, 1.08), xlabel="large class over small class R", ylabel="cosine")
        titled(axes, title)
    shared_legend(figure)
    return figure


def long_feature_panels(frame: pd.DataFrame) -> Figure:
    """Draw cosines of classes, and τ times what they exceed the simplex by, against the squared length τ.

    Args:
        frame: columns pair, squared_length, cosine, shift, simplex (the simplex's cosine) and limit (that of the
            shift, dotted).
    """
    figure, (cosines, shifts) = panels(2, 3.2)
    for i, (pair, part) in enumerate(frame.groupby("pair", sort=False)):
        look: dict[str, Any] = {"color": colour(i), "linestyle": dash(i), "label": pair}
        cosines.plot(part["squared_length"], part["cosine"], **look)
        shifts.plot(part["squared_length"], part["shift"], **look)
        shifts.axhline(part["limit"].iloc[0], color=colour(i), linewidth=1.0, linestyle=":")
    cosines.axhline(frame["simplex"].iloc[0], color=ink(), linewidth=1.0, linestyle=":")
    for axes in (cosines, shifts):
        axes.set(xscale="log", xlabel="squared length τ")
    cosines.set_ylabel("cosine")
    titled(cosines, "Towards the simplex")
    shifts.set_ylabel("τ (cosine − simplex's)")
    titled(shifts, "What is left, times τ")
    shared_legend(figure)
    return figure
