"""Next-token distributions: a few contexts as bars, and the whole matrix as a pattern (paper, Fig. 3)."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels, sheet
from ntp_lib.figures.style import palette


def distribution_bars(frame: pd.DataFrame) -> Figure:
    """Draw the distribution of each context as a panel of bars over its support (paper, Fig. 3).

    Args:
        frame: columns context, token, probability; only support tokens have rows.
    """
    contexts = frame["context"].unique()
    columns = min(2 if sheet().stacked else 4, len(contexts))
    rows = -(-len(contexts) // columns)
    figure = Figure(figsize=(sheet().width, 1.8 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes, context in zip(grid, contexts, strict=False):
        part = frame[frame["context"] == context]
        axes.bar(part["token"].astype(str), part["probability"], color=palette()[0], width=0.75)
        titled(axes, f"context {context}")
        axes.grid(visible=False, axis="x")
    for axes in grid[len(contexts) :]:
        axes.set_visible(False)
    figure.supxlabel("support token")
    figure.supylabel("probability")
    return figure


def sparsity_pattern(frame: pd.DataFrame) -> Figure:
    """Draw every positive entry of P as a dot; contexts downwards, tokens by frequency to the right.

    Args:
        frame: columns context, token, probability; only support tokens have rows.
    """
    figure, (axes,) = panels(1, 4.2, narrow_height=4.2)
    single = frame.groupby("context")["token"].transform("size") == 1
    for part, color, marker, label in (
        (frame[single], palette()[0], "s", "the context's only next token"),
        (frame[~single], palette()[1], "o", "one of several"),
    ):
        axes.scatter(part["token"], part["context"], s=9, color=color, marker=marker, linewidths=0, label=label)
    axes.invert_yaxis()
    axes.set(xlabel="token, most frequent first", ylabel="context, in order of appearance")
    shared_legend(figure, markerscale=2)
    return figure
