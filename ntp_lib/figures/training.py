"""The four panels of the paper's training figures (paper, Fig. 1 right, Figs 4 and 5)."""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntp_lib.figures.style import colour, dash, ink


def training_panels(frame: pd.DataFrame) -> Figure:
    """Draw loss, norm, alignment and finite part against the step.

    Args:
        frame: columns step, curve, excess_loss, entropy, norm, cosine, cosine_corrected, finite_error; one curve
            per value of `curve`. Step 0 is not drawn, the axis being logarithmic.
    """
    drawn = frame[frame["step"] > 0].reset_index(drop=True)
    drawn["loss"] = drawn["excess_loss"] + drawn["entropy"]
    figure = Figure(figsize=(9.2, 6.0), layout="constrained")
    loss, norm, alignment, finite = figure.subplots(2, 2).ravel()
    _lines(drawn, "loss", loss)
    for entropy in drawn["entropy"].unique():
        loss.axhline(entropy, color=ink(), linewidth=1.0, linestyle=":")
        loss.annotate("entropy H", (1, entropy), (4, 4), textcoords="offset points", color=ink(), fontsize=9)
    _label(loss, "Loss against its bound", "cross-entropy (nats)")
    _lines(drawn, "norm", norm)
    _label(norm, "The weights diverge", r"$\|W\|$")
    _alignment(drawn, alignment)
    _lines(drawn, "finite_error", finite)
    finite.set_yscale("log")
    _label(finite, "On F the weights settle", r"$\|P_{\mathcal{F}} W - W^{\star}\|$")
    for axes in (loss, norm, finite):
        _legend(axes, many=frame["curve"].nunique() > 1)
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
    curves = frame["curve"].unique()
    measures = {"cosine": "$W$", "cosine_corrected": r"$W - W^{\star}$"}
    for i, curve in enumerate(curves):
        rows = frame[frame["curve"] == curve]
        for k, (column, name) in enumerate(measures.items()):
            label = name if len(curves) == 1 else f"{curve}: {name}"
            index = k if len(curves) == 1 else i
            axes.plot(rows["step"], rows[column], color=colour(index), linestyle=dash(k), label=label)
    axes.axhline(1.0, color=ink(), linewidth=1.0, linestyle=":")
    _label(axes, "Direction of the max-margin solution", r"cosine with $W^{\mathrm{mm}}$")
    _legend(axes, many=True)


def _lines(frame: pd.DataFrame, column: str, axes: Axes) -> None:
    colours = [colour(i) for i in range(frame["curve"].nunique())]
    sns.lineplot(
        frame, x="step", y=column, hue="curve", style="curve", palette=colours,
        estimator=None, errorbar=None, ax=axes,
    )  # fmt: skip


def _label(axes: Axes, title: str, ylabel: str) -> None:
    axes.set(xscale="log", xlabel="iteration", ylabel=ylabel)
    axes.set_title(title, loc="left")


def _legend(axes: Axes, *, many: bool) -> None:
    if many:
        axes.legend(title=None)
    elif (legend := axes.get_legend()) is not None:
        legend.remove()
