"""The four panels of the paper's training figures (paper, Fig. 1 right, Figs 4 and 5)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import colour, dash, ink


def training_panels(frame: pd.DataFrame) -> Figure:
    """Draw loss, norm, alignment and finite part against the step.

    Args:
        frame: columns step, curve, excess_loss, entropy, norm, cosine, cosine_corrected, finite_error; one curve
            per value of `curve`. Step 0 is not drawn, the axis being logarithmic.
    """
    drawn = frame[frame["step"] > 0].reset_index(drop=True)
    drawn["loss"] = drawn["excess_loss"] + drawn["entropy"]
    figure, (loss, norm, alignment, finite) = panels(4, 2.9)
    _lines(drawn, "loss", loss)
    for entropy in drawn["entropy"].unique():
        loss.axhline(entropy, color=ink(), linewidth=1.0, linestyle=":")
        loss.annotate("entropy H", (1, entropy), (4, 4), textcoords="offset points", color=ink())
    _label(loss, "Loss against its bound", "cross-entropy (nats)")
    _lines(drawn, "norm", norm)
    _label(norm, "The weights diverge", r"$\|W\|$")
    _alignment(drawn, alignment)
    _lines(drawn, "finite_error", finite)
    finite.set_yscale("log")
    _label(finite, "On F the weights settle", r"$\|P_{\mathcal{F}} W - W^{\star}\|$")
    if frame["curve"].nunique() > 1:
        shared_legend(figure)
    return figure


def averaged_training_panels(frame: pd.DataFrame) -> Figure:
    """Draw the same panels for traces whose late steps are averaged (`ntp_lib.trajectories.windows`).

    Args:
        frame: as for `training_panels`, with NaN where a row stands for a window; there the same columns with
            _mean hold the values, and finite_error_low and finite_error_high the band around the finite part.
    """
    means = [column for column in frame.columns if column.endswith("_mean")]
    names = {mean.removesuffix("_mean"): mean for mean in means}
    joined = frame.assign(**{name: frame[name].fillna(frame[mean]) for name, mean in names.items()})
    figure = training_panels(joined)
    finite = figure.axes[3]
    for i, curve in enumerate(frame["curve"].unique()):
        band = frame[(frame["curve"] == curve) & frame["finite_error_low"].notna()]
        finite.fill_between(
            band["step"], band["finite_error_low"], band["finite_error_high"], color=colour(i), alpha=0.22, lw=0
        )
    return figure


def _alignment(frame: pd.DataFrame, axes: Axes) -> None:
    """Cosines of W and of W − W*: two colours for one curve. Several keep their colours, and W − W* has marks."""
    curves = frame["curve"].unique()
    several = len(curves) > 1
    for i, curve in enumerate(curves):
        rows = frame[frame["curve"] == curve]
        for k, column in enumerate(("cosine", "cosine_corrected")):
            index = i if several else k
            line: dict[str, Any] = {"color": colour(index), "linestyle": dash(index)}
            marks: dict[str, Any] = {"marker": "o", "markersize": 5, "markerfacecolor": "none", "markevery": 0.09}
            axes.plot(rows["step"], rows[column], **line, **(marks if several and k else {}))
    looks: list[dict[str, Any]] = (
        [{"color": ink()}, {"color": ink(), "marker": "o", "markersize": 5, "markerfacecolor": "none"}]
        if several
        else [{"color": colour(k), "linestyle": dash(k)} for k in (0, 1)]
    )
    axes.legend([Line2D([], [], **look) for look in looks], ["$W$", r"$W - W^{\star}$"], labelcolor=ink())
    axes.axhline(1.0, color=ink(), linewidth=1.0, linestyle=":")
    _label(axes, "The direction turns", r"cosine with $W^{\mathrm{mm}}$")


def _lines(frame: pd.DataFrame, column: str, axes: Axes) -> None:
    for i, (curve, rows) in enumerate(frame.groupby("curve", sort=False)):
        axes.plot(rows["step"], rows[column], color=colour(i), linestyle=dash(i), label=str(curve))


def _label(axes: Axes, title: str, ylabel: str) -> None:
    axes.set(xscale="log", xlabel="iteration", ylabel=ylabel)
    titled(axes, title)
