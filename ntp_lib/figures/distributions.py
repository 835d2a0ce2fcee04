"""Next-token distributions: a few contexts as bars, and the whole matrix as a pattern (paper, Fig. 3)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ntp_lib.figures.style import ink, palette


def distribution_bars(frame: pd.DataFrame) -> Figure:
    """Draw the distribution of each context as a panel of bars over its support (paper, Fig. 3).

    Args:
        frame: columns context, token, probability; only support tokens have rows.
    """
    contexts = frame["context"].unique()
    columns = min(4, len(contexts))
    rows = -(-len(contexts) // columns)
    figure = Figure(figsize=(2.4 * columns, 2.0 * rows), layout="constrained")
    panels = np.atleast_1d(figure.subplots(rows, columns, sharey=True)).ravel()
    for axes, context in zip(panels, contexts, strict=False):
        part = frame[frame["context"] == context]
        axes.bar(part["token"].astype(str), part["probability"], color=palette()[0], width=0.75)
        axes.set_title(f"context {context}", loc="left")
        axes.grid(visible=False, axis="x")
    for axes in panels[len(contexts) :]:
        axes.set_visible(False)
    figure.supxlabel("support token", fontsize=10)
    figure.supylabel("probability", fontsize=10)
    return figure


def sparsity_pattern(frame: pd.DataFrame) -> Figure:
    """Draw every positive entry of P as a dot; contexts downwards, tokens by frequency to the right.

    Args:
        frame: columns context, token, probability; only support tokens have rows.
    """
    figure = Figure(figsize=(8.6, 4.6), layout="constrained")
    axes = figure.subplots()
    single = frame.groupby("context")["token"].transform("size") == 1
    for part, color, marker, label in (
        (frame[single], palette()[0], "s", "the context's only next token"),
        (frame[~single], palette()[1], "o", "one of several"),
    ):
        axes.scatter(part["token"], part["context"], s=9, color=color, marker=marker, linewidths=0, label=label)
    axes.invert_yaxis()
    axes.set(xlabel="token, most frequent first", ylabel="context, in order of appearance")
    figure.legend(loc="outside upper right", ncols=2, labelcolor=ink())
    return figure
