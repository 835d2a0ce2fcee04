"""What a text looks like as a next-token problem, against the length of the context."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ntp_lib.figures.style import colour, dash, ink, palette


def context_length_panels(frame: pd.DataFrame) -> Figure:
    """Draw the number of contexts, their support sizes and the entropy against the context length.

    Args:
        frame: columns context_length, num_contexts, num_sequences, mean_support, single_share, entropy.
    """
    figure = Figure(figsize=(10.2, 3.5), layout="constrained")
    contexts, supports, entropy = figure.subplots(1, 3)
    lengths = frame["context_length"]
    _line(contexts, lengths, frame["num_contexts"], 0, "distinct contexts m")
    _line(contexts, lengths, frame["num_sequences"], 1, "training sequences n")
    contexts.set(yscale="log", ylabel="count")
    contexts.legend()
    contexts.set_title("Contexts become distinct", loc="left")
    _line(supports, lengths, frame["mean_support"], 0, "next tokens per context, mean")
    supports.set(ylabel="mean support size", yscale="log")
    share = supports.twinx()
    _line(share, lengths, frame["single_share"], 1, "share with one next token")
    share.set(ylabel="share with one next token", ylim=(0, 1.02))
    share.spines["right"].set_visible(True)
    share.grid(visible=False)
    supports.set_title("Supports become sparse", loc="left")
    for axes, color in ((supports, palette()[0]), (share, palette()[1])):
        axes.yaxis.label.set_color(color)
        axes.tick_params(axis="y", colors=color)
    _line(entropy, lengths, frame["entropy"], 0, "entropy H")
    entropy.set(ylabel="H (nats)")
    entropy.set_ylim(bottom=0)
    entropy.set_title("The bound falls", loc="left")
    for axes in (contexts, supports, entropy):
        axes.set_xlabel("context length")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def support_size_ranks(frame: pd.DataFrame) -> Figure:
    """Draw, for each context length, the share of contexts with at least s next tokens.

    Args:
        frame: columns context_length, support_size, share.
    """
    figure = Figure(figsize=(6.6, 4.2), layout="constrained")
    axes = figure.subplots()
    for i, (length, part) in enumerate(frame.groupby("context_length")):
        label = f"{length} token{'s' if int(str(length)) > 1 else ''}"
        axes.plot(part["support_size"], part["share"], color=colour(i), linestyle=dash(i), label=label)
    axes.set(xscale="log", yscale="log", xlabel="support size s", ylabel="share of contexts with |S| ≥ s")
    axes.legend(title="context length", labelcolor=ink())
    return figure


def _line(axes: Axes, x: pd.Series, y: pd.Series, index: int, label: str) -> None:
    axes.plot(x, y, color=colour(index), linestyle=dash(index), marker="os"[index], markersize=4.5, label=label)
