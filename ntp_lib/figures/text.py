"""What a text looks like as a next-token problem, against the length of the context."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import colour, dash, ink


def context_length_panels(frame: pd.DataFrame) -> Figure:
    """Draw the number of contexts, their support sizes and the entropy against the context length, one panel each.

    Args:
        frame: columns context_length, num_contexts, num_sequences, mean_support, single_share, entropy.
    """
    figure, (contexts, supports, single, entropy) = panels(4, 2.6)
    lengths = frame["context_length"]
    _line(contexts, lengths, frame["num_contexts"], 0, "distinct contexts m")
    _line(contexts, lengths, frame["num_sequences"], 1, "training sequences n")
    contexts.set(yscale="log", ylabel="count")
    titled(contexts, "Contexts become distinct")
    _line(supports, lengths, frame["mean_support"], 0, "next tokens per context, mean")
    supports.set(ylabel="mean support size", yscale="log")
    titled(supports, "Supports become sparse")
    _line(single, lengths, frame["single_share"], 0, "share with one next token")
    single.set(ylabel="share of contexts", ylim=(0, 1.04))
    titled(single, "One next token only")
    _line(entropy, lengths, frame["entropy"], 0, "entropy H")
    entropy.set(ylabel="H (nats)")
    entropy.set_ylim(bottom=0)
    titled(entropy, "The bound falls")
    shared_legend(figure, source=contexts)
    for axes in (contexts, supports, single, entropy):
        axes.set_xlabel("context length")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def support_size_ranks(frame: pd.DataFrame) -> Figure:
    """Draw, for each context length, the share of contexts with at least s next tokens.

    Args:
        frame: columns context_length, support_size, share.
    """
    figure, (axes,) = panels(1, 4.2, narrow_height=3.6)
    for i, (length, part) in enumerate(frame.groupby("context_length")):
        label = f"{length} token{'s' if int(str(length)) > 1 else ''}"
        axes.plot(part["support_size"], part["share"], color=colour(i), linestyle=dash(i), label=label)
    axes.set(xscale="log", yscale="log", xlabel="support size s", ylabel="share of contexts with |S| ≥ s")
    axes.legend(title="context length", labelcolor=ink())
    return figure


def _line(axes: Axes, x: pd.Series, y: pd.Series, index: int, label: str) -> None:
    axes.plot(x, y, color=colour(index), linestyle=dash(index), marker="os"[index], markersize=4.5, label=label)
