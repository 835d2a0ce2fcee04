"""Phase diagrams of the conditions, and the approach of their transitions to the threshold law."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import MARKERS, colour, dash, ink

AXES = {"support_size": "support size |S|", "vocab_size": "vocabulary size V"}
CURVES = {
    "law": "threshold law (heuristic)",
    "pair": "bound of a pair (proved)",
    "count": "threshold of compatibility (proved)",
}
QUESTIONS = {
    "separability": ("separable", "threshold law (heuristic)"),
    "compatibility": ("compatible", "threshold of compatibility (proved)"),
}


def phase_diagram(frame: pd.DataFrame) -> Figure:
    """Draw the share of separable data sets over m/d, with the law and what is proved on either side.

    Args:
        frame: columns axis ("support_size" or "vocab_size"), value, ratio (m/d), title, share, law, pair, count
            and theorem (the threshold where it is proved, NaN elsewhere); one row per cell. A bound beyond the
            drawn ratios leaves the panel.
    """
    axis_groups = list(frame.groupby("axis", sort=False))
    figure, grid = panels(len(axis_groups), 3.8, narrow_height=3.6)
    for axes, (axis, part) in zip(grid, axis_groups, strict=True):
        values = sorted(part["value"].unique())
        places = part["value"].map(values.index)
        drawn = axes.scatter(
            places, part["ratio"], c=part["share"], cmap="viridis", vmin=0, vmax=1, marker="s", s=40,
            edgecolors=ink(), linewidths=0.4,
        )  # fmt: skip
        lines = part.drop_duplicates("value").sort_values("value")
        for i, (column, label) in enumerate(CURVES.items()):
            axes.plot(
                range(len(values)), lines[column], color=colour((1, 3, 0)[i]), linestyle=dash(i), label=label
            )
        axes.axhline(1.0, color=ink(), linestyle=":", label="m = d, Lemma 1 (proved)")
        axes.plot(
            range(len(values)), lines["theorem"], color=colour(3), marker="*", markersize=13, linestyle="none",
            markeredgecolor=ink(), label="threshold (proved)",
        )  # fmt: skip
        axes.set_xticks(range(len(values)), [str(value) for value in values])
        axes.set(xlabel=AXES[str(axis)], ylabel="contexts per dimension m/d")
        axes.set_ylim(part["ratio"].min() - 0.15, part["ratio"].max() + 0.15)
        titled(axes, part["title"].iloc[0])
    bar = figure.colorbar(drawn, ax=grid, shrink=0.8, orientation="horizontal", location="bottom", aspect=30)
    bar.set_label("share of separable data sets")
    shared_legend(figure)
    return figure


def threshold_scaling(frame: pd.DataFrame) -> Figure:
    """Draw 50 % points against 1/d, their straight line, and the predictions at 1/d = 0.

    Args:
        frame: columns case, dim, centre, error, limit, limit_error, slope, law, matrix_law and pair, the proved
            bound (NaN where one of these two is not to be drawn); one row per 50 % point.
    """
    cases = list(frame.groupby("case", sort=False))
    figure, grid = panels(len(cases), 3.2, columns=3)
    for axes, (case, part) in zip(grid, cases, strict=True):
        first = part.iloc[0]
        x = 1 / part["dim"].to_numpy()
        reach = np.array([0.0, x.max()])
        axes.errorbar(
            x, part["centre"], yerr=2 * part["error"], color=colour(0), marker=MARKERS[0], linestyle="none",
            capsize=3, label="measured, ± 2 errors",
        )  # fmt: skip
        axes.plot(reach, first["limit"] + first["slope"] * reach, color=colour(0), linestyle=dash(1))
        axes.errorbar(
            [0], [first["limit"]], yerr=[2 * first["limit_error"]], color=ink(), marker=MARKERS[1],
            linestyle="none", capsize=5, markerfacecolor="none", markersize=8, label="extrapolated, ± 2 errors",
        )  # fmt: skip
        _prediction(axes, float(first["law"]), 1, "threshold law")
        if np.isfinite(first["matrix_law"]):
            _prediction(axes, float(first["matrix_law"]), 2, "matrix law")
        if np.isfinite(first["pair"]):
            _prediction(axes, float(first["pair"]), 3, "bound of a pair (proved)")
        axes.set(xlabel="1/d", ylabel="m/d at 50 %")
        titled(axes, str(case))
    shared_legend(figure, source=grid[-1])
    return figure


def _prediction(axes: Axes, value: float, index: int, label: str) -> None:
    axes.axhline(value, color=colour(index), linestyle=dash(index + 1), linewidth=1.6, label=label)


def two_transitions(frame: pd.DataFrame) -> Figure:
    """Draw the shares of separable and of compatible data sets against m/d, with both predictions and the bound.

    Args:
        frame: columns question, ratio, share, predicted and pair, the ratio beyond which data are proved not to be
            separable; one row per cell.
    """
    figure, (axes,) = panels(1, 3.8)
    for i, (question, part) in enumerate(frame.groupby("question", sort=False)):
        adjective, prediction = QUESTIONS[str(question)]
        axes.plot(
            part["ratio"], part["share"], color=colour(i), linestyle=dash(i), marker=MARKERS[i],
            label=f"{adjective}, measured",
        )  # fmt: skip
        axes.axvline(part["predicted"].iloc[0], color=colour(i), linestyle=":", label=prediction)
    axes.axvspan(
        frame["pair"].iloc[0], frame["predicted"].max(), color=colour(3), alpha=0.2,
        label="compatible, not separable (proved)",
    )  # fmt: skip
    axes.set(xlabel="contexts per dimension m/d", ylabel="share of data sets")
    shared_legend(figure)
    return figure
