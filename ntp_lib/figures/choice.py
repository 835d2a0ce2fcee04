"""Attention as a choice: the graph of priorities, and the two terms of its loss (book, choice-data)."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import legend_below, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import colour, dash, ink

STEP = "step k"


def priority_panels(frame: pd.DataFrame) -> Figure:
    """Draw the priority graph of one query, and the attention in one sentence along training.

    Args:
        frame: columns kind (token, edge or attention), name, partner, x, y. A token stands at (x, y), y its height
            and partner its component; an edge leads from token `name` to token `partner`; attention on token
            `name` is y at step x, with partner "training"; with partner "settled" y is its limit, drawn dotted.
    """
    figure, (graph, attention) = panels(2, 3.6, narrow_height=3.4)
    tokens = frame[frame["kind"] == "token"].set_index("name")
    for edge in frame[frame["kind"] == "edge"].itertuples():
        start, end = tokens.loc[edge.name, ["x", "y"]], tokens.loc[edge.partner, ["x", "y"]]
        same = tokens.loc[edge.name, "partner"] == tokens.loc[edge.partner, "partner"]
        arrow: dict[str, Any] = {
            "arrowstyle": "-|>", "color": colour(1) if same else ink(), "shrinkA": 11, "shrinkB": 11,
            "linewidth": 1.6 if same else 0.9, "connectionstyle": "arc3,rad=0.25" if same else "arc3,rad=0.06",
        }  # fmt: skip
        graph.annotate("", tuple(end), tuple(start), arrowprops=arrow)
    for name, token in tokens.iterrows():
        graph.plot(token["x"], token["y"], "o", markersize=17, markerfacecolor="none", markeredgecolor=ink())
        graph.text(token["x"], token["y"], str(name), ha="center", va="center", color=ink())
    span = tokens["x"].max() - tokens["x"].min()
    graph.set(xlim=(tokens["x"].min() - 0.3 * span, tokens["x"].max() + 0.3 * span), xticks=[],
              ylim=(tokens["y"].min() - 0.5, tokens["y"].max() + 0.5),
              xlabel="tokens of equal height, side by side", ylabel="height",
              yticks=sorted(set(tokens["y"])))  # fmt: skip
    titled(graph, "Who has beaten whom")
    shown = frame[frame["kind"] == "attention"]
    for i, (name, part) in enumerate(shown.groupby("name", sort=False)):
        walk, limit = part[part["partner"] != "settled"], part[part["partner"] == "settled"]
        attention.plot(walk["x"], walk["y"], color=colour(i), linestyle=dash(i), label=f"on {name}")
        attention.axhline(float(limit["y"].iloc[0]), color=colour(i), linewidth=1.0, linestyle=":")
    attention.set(xscale="log", xlabel=STEP, ylabel="attention", ylim=(-0.03, 1.0))
    titled(attention, "Attention in one sentence")
    legend_below(attention)
    return figure


def choice_split_panels(frame: pd.DataFrame) -> Figure:
    """Draw the two terms of the loss and the distances from the two limits against the step, log-log.

    Args:
        frame: columns step, hard_part, soft_part, one_minus_cosine, finite_error.
    """
    figure, (loss, limits) = panels(2, 3.6, narrow_height=3.4)
    for axes, curves in (
        (loss, (("hard_part", "hard retrieval"), ("soft_part", "soft composition"))),
        (limits, (("one_minus_cosine", "1 − cosine, growing part"), ("finite_error", "distance, finite part"))),
    ):
        for i, (column, label) in enumerate(curves):
            axes.plot(frame["step"], frame[column], color=colour(i), linestyle=dash(i), label=label)
        axes.set(xscale="log", yscale="log", xlabel=STEP)
    loss.set_ylabel("excess in nats")
    limits.set_ylabel("distance")
    titled(loss, "The two terms of the loss")
    titled(limits, "The two limits")
    legend_below(loss)
    legend_below(limits)
    return figure


def choice_clock_panels(frame: pd.DataFrame) -> Figure:
    """Draw the distance of the direction against the number of steps, and against the clock.

    Args:
        frame: columns method, step (empty for the flow), log_time, gap, and point, which counts those of a method.
    """
    figure, (steps, times) = panels(2, 3.6, narrow_height=3.4)
    names = list(dict.fromkeys(frame["method"]))
    for i, name in enumerate(names):
        part = frame[frame["method"] == name]
        walked = part.dropna(subset=["step"])
        if len(walked):
            steps.plot(walked["step"], walked["gap"], color=colour(i), linestyle=dash(i), label=name)
        look: dict[str, Any] = {"linestyle": dash(i)} if len(walked) else {"linestyle": "none", "marker": "o"}
        times.plot(part["log_time"], part["gap"], color=colour(i), markersize=4.5, label=name, **look)
    steps.set(xscale="log", xlabel=STEP)
    times.set(xlabel="s = log of the clock")
    _gap(steps, "Against steps")
    _gap(times, "Against the clock")
    return figure


def graph_miss_panels(frame: pd.DataFrame) -> Figure:
    """Draw the shares of pairs that stay, by the programme and by the graph, and attention where they differ.

    Args:
        frame: columns kind (share or attention), name, x, y. Shares: name is who says so, x how many tokens there
            are for one dimension; attention: y is its distance from what the series `name` predicts at step x.
    """
    figure, (shares, attention) = panels(2, 3.6, narrow_height=3.4)
    for kind, axes in (("share", shares), ("attention", attention)):
        shown = frame[frame["kind"] == kind]
        for i, (name, part) in enumerate(shown.groupby("name", sort=False)):
            mark: dict[str, Any] = {"marker": "os"[i % 2]} if kind == "share" else {}
            axes.plot(part["x"], part["y"], color=colour(i), linestyle=dash(i), label=name, **mark)
    shares.set(xlabel="tokens per dimension", ylabel="share of pairs that stay", ylim=(-0.04, 1.04))
    titled(shares, "Who stays")
    legend_below(shares)
    attention.set(xscale="log", yscale="log", xlabel=STEP, ylabel="distance of attention")
    titled(attention, "Gradient descent decides")
    legend_below(attention)
    return figure


def _gap(axes: Axes, title: str) -> None:
    axes.set(yscale="log", ylabel=r"1 − cosine with $W^{\mathrm{mm}\prime}$")
    titled(axes, title)
    legend_below(axes)
