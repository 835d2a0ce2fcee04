"""When the conditions fail: data with one loss, the pairs that stay and those that diverge, and training."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import legend_below, shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import MARKERS, colour, dash, ink

# Height of a row that has a name, in inches.
LINE = 0.2
# How a pair of a context and a token is drawn: label, marker, colour, size.
PAIRS = {
    "follows": ("follows in the data", "s", 0, 10.0),
    "bounded": ("never follows, stays bounded", "o", 1, 9.0),
}


def fibre_curve(frame: pd.DataFrame) -> Figure:
    """Draw the entropy of all data with one loss, and name some of them.

    Args:
        frame: columns name ("" along the curve), share (a probability that tells the data apart) and entropy.
    """
    figure, (axes,) = panels(1, 4.0)
    curve = frame[frame["name"] == ""].sort_values("share")
    axes.plot(curve["share"], curve["entropy"], color=colour(0), zorder=1)
    for i, (name, row) in enumerate(frame[frame["name"] != ""].groupby("name", sort=False)):
        axes.scatter(
            row["share"], row["entropy"], color=colour(i + 1), marker=MARKERS[i], s=60, label=name, zorder=2
        )
    axes.axhline(curve["entropy"].max(), color=ink(), linewidth=1.0, linestyle=":", label="inf CE of all of them")
    axes.set(xlabel="probability of word 1 after context 2", ylabel="entropy (nats)")
    shared_legend(figure)
    return figure


def decomposition_map(frame: pd.DataFrame) -> Figure:
    """Draw which pairs of a context and a token follow, stay bounded, or (left empty) diverge.

    Args:
        frame: columns context and token (numbers), token_name, and kind ("follows", "bounded" or "diverging").
    """
    names = frame.drop_duplicates("token").sort_values("token")
    high = 0.8 + LINE * len(names)
    figure, (axes,) = panels(1, high, narrow_height=high)
    for kind, (label, marker, index, size) in PAIRS.items():
        part, face = frame[frame["kind"] == kind], colour(index) if kind == "follows" else "none"
        axes.scatter(
            part["context"],
            part["token"],
            marker=marker,
            s=size,
            label=label,
            facecolors=face,
            edgecolors=colour(index),
        )
    axes.set_yticks(names["token"], names["token_name"].astype(str))
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.set(xlabel="context", ylabel="next token")
    shared_legend(figure)
    return figure


def bounded_and_diverging(frame: pd.DataFrame) -> Figure:
    """Draw probabilities of unseen tokens along training: those that settle, and those that die out.

    Args:
        frame: columns kind ("bounded" or "diverging"), curve, step, probability, and limit (drawn dotted for the
            bounded ones). Step 0 is not drawn, the axis being logarithmic.
    """
    figure, (left, right) = panels(2, 4.2, narrow_height=4.2)
    drawn = frame[frame["step"] > 0]
    _curves(left, drawn[drawn["kind"] == "bounded"], limits=True)
    _curves(right, drawn[drawn["kind"] == "diverging"], limits=False)
    left.set(xscale="log", xlabel="iteration", ylabel="the model's probability")
    right.set(xscale="log", yscale="log", xlabel="iteration", ylabel="the model's probability")
    titled(left, "Bounded pairs settle")
    titled(right, "Diverging pairs die out")
    return figure


def _curves(axes: Axes, frame: pd.DataFrame, *, limits: bool) -> None:
    for i, (name, part) in enumerate(frame.groupby("curve", sort=False)):
        axes.plot(part["step"], part["probability"], color=colour(i), linestyle=dash(i), label=str(name))
        if limits:
            axes.axhline(float(part["limit"].iloc[0]), color=colour(i), linewidth=0.9, linestyle=":")
    legend_below(axes)
