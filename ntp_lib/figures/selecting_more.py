"""A selecting layer on new sentences and soft labels, and trained all at once (book, selecting-attention)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import MARKERS, colour, dash, ink


def select_generalise(frame: pd.DataFrame) -> Figure:
    """Draw the accuracy on new sentences of four kinds against the step, a panel for each training set.

    Args:
        frame: columns sentences, kind, step, accuracy and limit (that of the max-margin direction, a mark beside
            the last step).
    """
    sizes = list(dict.fromkeys(frame["sentences"]))
    figure, grid = panels(len(sizes), 3.2)
    for axes, size in zip(grid, sizes, strict=True):
        for i, (kind, part) in enumerate(frame[frame["sentences"] == size].groupby("kind", sort=False)):
            axes.plot(part["step"], part["accuracy"], color=colour(i), linestyle=dash(i), label=kind)
            last = part.iloc[-1]
            axes.plot([last["step"] * 1.5], [last["limit"]], color=colour(i), marker=MARKERS[i], linestyle="none")
        axes.set(xscale="log", ylim=(0.0, 1.05), xlabel="step")
        axes.set_ylabel("share selected right")
        titled(axes, f"{size} sentences")
    shared_legend(figure)
    return figure


def select_joint(frame: pd.DataFrame) -> Figure:
    """Draw angle and accuracy against ‖W‖ for three regimes, a thin curve for each seed.

    Args:
        frame: columns regime, seed, step, norm, one_minus_cosine, accuracy (where transitivity decides).
    """
    figure, (angle, share) = panels(2, 3.2)
    for i, (regime, runs) in enumerate(frame.groupby("regime", sort=False)):
        for j, (_, part) in enumerate(runs.groupby("seed", sort=True)):
            label = str(regime) if j == 0 else None
            for axes, column in ((angle, "one_minus_cosine"), (share, "accuracy")):
                axes.plot(
                    part["norm"], part[column], color=colour(i), linestyle=dash(i), linewidth=1.4, label=label
                )
    angle.set(yscale="log", ylabel="1 − cos")
    share.set(ylabel="share selected right")
    for axes, title in ((angle, "Angle"), (share, "Decided by transitivity")):
        axes.set(xscale="log", xlabel="norm of W")
        titled(axes, title)
    shared_legend(figure)
    return figure


def select_soft(frame: pd.DataFrame) -> Figure:
    """Draw the best attention on the second label and the excess over the entropy against the scale of stage one.

    Args:
        frame: columns scale, attention (least loss, on the second label), head (what the label itself gives it),
            critical (τ_c), excess, one_token (what one label costs late), two_tokens (the same for two).
    """
    figure, (share, loss) = panels(2, 3.2)
    share.plot(frame["scale"], frame["attention"], color=colour(0), linestyle=dash(0), label="best attention")
    share.plot(frame["scale"], frame["head"], color=colour(1), linestyle=dash(1), label="label's probability")
    share.axvline(frame["critical"].iloc[0], color=ink(), linewidth=1.0, linestyle=":", label="$τ_c$")
    share.set(xlabel="scale τ", ylabel="on the second label")
    titled(share, "Retrieve or mix")
    loss.plot(frame["scale"], frame["excess"], color=colour(0), linestyle=dash(0))
    for i, (column, name) in enumerate((("one_token", "one label, exp(−τ)"), ("two_tokens", "two, exp(−τ/2)"))):
        loss.plot(frame["scale"], frame[column], color=colour(2 + i), linestyle=dash(2 + i), label=name)
    loss.set(yscale="log", xlabel="scale τ", ylabel="excess (nats)")
    titled(loss, "What mixing costs")
    shared_legend(figure, [*share.get_legend_handles_labels()[0], *loss.get_legend_handles_labels()[0]])
    return figure


def select_calibrated(frame: pd.DataFrame) -> Figure:
    """Draw the second stage under values that give the odds: the clock beside another head's, and the loss.

    Args:
        frame: columns panel ("clock": curve "calibrated" or "labels" and value ⟨W, W̄⟩/ν; "loss": curve "excess" or
            "proved", value in nats), x (log of the clock; path length).
    """
    figure, (clock, loss) = panels(2, 3.2)
    names = {"calibrated": "calibrated values", "labels": "label head", "proved": "proved"}
    for i, curve in enumerate(("calibrated", "labels")):
        part = frame[(frame["panel"] == "clock") & (frame["curve"] == curve)]
        clock.plot(part["x"], part["value"], color=colour(i), linestyle=dash(i), label=names[curve])
        late = part.iloc[len(part) // 2]
        ends = np.array([0.0, part["x"].iloc[-1] - late["x"]])
        slope = 0.5 if curve == "calibrated" else 1.0
        clock.plot(
            late["x"] + ends,
            late["value"] + slope * ends,
            color=ink(),
            linewidth=0.9,
            linestyle=":",
            label="slopes ½ and 1" if i else None,
        )
    clock.set(xlabel="log of the clock t", ylabel="⟨W, W̄⟩/ν")
    titled(clock, "The clock")
    for i, curve in ((0, "excess"), (2, "proved")):
        part = frame[(frame["panel"] == "loss") & (frame["curve"] == curve)]
        loss.plot(part["x"], part["value"], color=colour(i), linestyle=dash(i), label=names.get(curve))
    loss.set(yscale="log", xlabel="path length Γ", ylabel="excess (nats)")
    titled(loss, "The loss")
    shared_legend(figure, [*clock.get_legend_handles_labels()[0], *loss.get_legend_handles_labels()[0]])
    return figure
