"""How much one layer holds: rank, random selections, orders, letters of a text, and what training reaches."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import MARKERS, colour, dash, ink

# Below this a floor is zero up to rounding, and is drawn at it.
ROUNDING = 1e-32
WIDTHS = {
    "rank": ("rank: full supports", "^"),
    "worst_case": ("worst case over corpora", "x"),
    "matrix_law": ("matrix law (heuristic)", "+"),
    "law": ("threshold law (heuristic)", "_"),
    "count": ("compatible: count", "v"),
}
MEASURED = {"gaussian": "Gaussian features, measured", "transformer": "random transformer, measured"}


def rank_floors(frame: pd.DataFrame) -> Figure:
    """Draw the least excess loss against the number of frozen features, and its small-signal line.

    Args:
        frame: columns labels (one panel each), width, floor, quadratic (nats). The line is drawn where it is
            above rounding.
    """
    names = list(frame["labels"].unique())
    figure, grid = panels(len(names), 3.2, sharey=True)
    for axes, name in zip(grid, names, strict=True):
        part = frame[frame["labels"] == name]
        floor = np.maximum(part["floor"], ROUNDING)
        axes.plot(part["width"], floor, color=colour(0), marker=MARKERS[0], markersize=4, label="least excess")
        line = part[part["quadratic"] > 1e-20]
        axes.plot(line["width"], line["quadratic"], color=colour(1), linestyle=dash(1), label="small signals")
        axes.set(yscale="log", xlabel="features m", ylabel="excess loss (nats)")
        titled(axes, str(name))
    shared_legend(figure)
    return figure


def selection_shares(frame: pd.DataFrame) -> Figure:
    """Draw the share of satisfiable random selections against contexts per parameter, and the law.

    Args:
        frame: columns case (one panel each), kind (one curve each), ratio (n/D), share, law (n/D), exact (the
            chance at this number of parameters, the same for all kinds).
    """
    cases = list(frame["case"].unique())
    figure, grid = panels(len(cases), 2.5, columns=3, sharey=True)
    for axes, case in zip(grid, cases, strict=True):
        part = frame[frame["case"] == case]
        for i, (kind, curve) in enumerate(part.groupby("kind", sort=False)):
            axes.plot(
                curve["ratio"], curve["share"], color=colour(i), linestyle=dash(i), marker=MARKERS[i],
                markersize=4, label=str(kind),
            )  # fmt: skip
        chance = part.drop_duplicates("ratio").sort_values("ratio")
        axes.plot(chance["ratio"], chance["exact"], color=ink(), linewidth=1.2, label="exact chance, Gaussian")
        axes.axvline(part["law"].iloc[0], color=ink(), linestyle=":", label="law")
        axes.set(xlabel="contexts per parameter", ylabel="share")
        titled(axes, str(case))
    shared_legend(figure)
    return figure


def order_shares(frame: pd.DataFrame) -> Figure:
    """Draw the share of random orders that some vector induces, the exact chance, and one for several queries.

    Args:
        frame: columns case (one curve each), dim, share, exact.
    """
    figure, (axes,) = panels(1, 3.2)
    for i, (case, part) in enumerate(frame.groupby("case", sort=False)):
        axes.plot(part["dim"], part["exact"], color=colour(i), linestyle=dash(i), label=f"{case}, exact")
        axes.plot(
            part["dim"], part["share"], color=colour(i), marker=MARKERS[i], linestyle="none",
            label=f"{case}, measured",
        )  # fmt: skip
    axes.set(xlabel="dimension d", ylabel="share of orders", ylim=(-0.04, 1.04))
    shared_legend(figure)
    return figure


def vocabulary_halves(frame: pd.DataFrame) -> Figure:
    """Draw how many selections a matrix holds against the size of the vocabulary.

    Args:
        frame: columns kind (one curve each), tokens_per_dim, half (n/d² at one half), law.
    """
    figure, (axes,) = panels(1, 3.2)
    for i, (kind, part) in enumerate(frame.groupby("kind", sort=False)):
        axes.plot(
            part["tokens_per_dim"], part["half"], color=colour(i), linestyle=dash(i), marker=MARKERS[i],
            label=str(kind),
        )  # fmt: skip
    axes.axhline(frame["law"].iloc[0], color=ink(), linestyle=":", label="law")
    axes.set(xscale="log", xlabel="tokens per dimension V/d", ylabel="selections n/d² at 50 %")
    axes.set_ylim(bottom=0)
    shared_legend(figure)
    return figure


def text_widths(frame: pd.DataFrame) -> Figure:
    """Draw measured least widths for letters of a text, and what counts and laws say.

    Args:
        frame: columns data (one place each, in order), contexts, rank, worst_case, matrix_law, law, count and
            gaussian, transformer (least widths, means over draws; NaN where not measured or without a value).
    """
    figure, (axes,) = panels(1, 4.0, narrow_height=4.0)
    places = np.arange(len(frame))
    for i, (column, (label, marker)) in enumerate(WIDTHS.items()):
        axes.plot(
            places, frame[column], color=colour(i), linestyle="none", marker=marker, markersize=8,
            markeredgewidth=2.5, label=label,
        )  # fmt: skip
    for i, (column, label) in enumerate(MEASURED.items()):
        axes.plot(
            places + 0.12 * (2 * i - 1), frame[column], color=ink(), linestyle="none", marker=MARKERS[i],
            markersize=7, markerfacecolor=ink() if i == 0 else "none", label=label,
        )  # fmt: skip
    axes.set_xticks(places, [str(name).replace(" ", "\n", 1) for name in frame["data"]])
    axes.set(yscale="log", xlabel="contexts", ylabel="features m", xlim=(-0.5, len(frame) - 0.5))
    shared_legend(figure)
    return figure


def trained_map(frame: pd.DataFrame) -> Figure:
    """Draw the excess loss after training over width and number of contexts, and two borders of existence.

    Args:
        frame: columns contexts, width, excess (nats), law (least width for frozen features), free (2 max |S|, for
            free ones).
    """
    figure, (axes,) = panels(1, 3.6, narrow_height=3.6)
    counts = sorted(frame["contexts"].unique())
    rows = frame["contexts"].map(counts.index)
    drawn = axes.scatter(
        frame["width"], rows, c=frame["excess"], cmap="viridis", norm=LogNorm(1e-4, 2), marker="s", s=330,
        edgecolors=ink(), linewidths=0.4,
    )  # fmt: skip
    lines = frame.drop_duplicates("contexts").sort_values("contexts")
    places = np.arange(len(counts))
    for i, (column, label) in enumerate(
        {"law": "frozen features: law", "free": "free features: 2 max |S|"}.items()
    ):
        axes.plot(lines[column], places, color=colour(3 * i), linestyle=dash(i), marker=MARKERS[i], label=label)
    axes.set_yticks(places, [str(count) for count in counts])
    axes.set(xscale="log", xlabel="width m", ylabel="contexts n", ylim=(-0.6, len(counts) - 0.4))
    bar = figure.colorbar(drawn, ax=axes, shrink=0.9, orientation="horizontal", location="bottom", aspect=30)
    bar.set_label("excess loss after training (nats)")
    shared_legend(figure)
    return figure
