"""Concepts of real texts: their strengths, what they mean and how far they can be trusted (book, concepts)."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ntp_lib.figures.concepts import curve_look, row_offset, rows_named
from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import MARKERS, colour, ink


def precision_rows(frame: pd.DataFrame) -> Figure:
    """Draw precision of nearest neighbours, by matrix and by class of words.

    Args:
        frame: columns panel (the title), row, series (a text or a matrix), precision, chance.
    """
    titles = list(dict.fromkeys(frame["panel"]))
    longest = max(frame[frame["panel"] == title]["row"].nunique() for title in titles)
    figure, grid = panels(len(titles), 0.9 + 0.26 * longest, narrow_height=0.9 + 0.38 * longest)
    drawn = 0
    handles = []
    for axes, title in zip(grid, titles, strict=True):
        part = frame[frame["panel"] == title]
        names = list(dict.fromkeys(part["row"]))
        for i, (series, points) in enumerate(part.groupby("series", sort=False)):
            place = points["row"].map(names.index) + row_offset(i) - (0.1 if i else 0.05)
            (mark,) = axes.plot(points["precision"], place, color=colour(drawn), marker=MARKERS[drawn],
                                linestyle="none", markersize=5, label=series)  # fmt: skip
            handles.append(mark)
            drawn += 1
        axes.axvline(part["chance"].mean(), color=ink(), linewidth=1.0, linestyle=":")
        rows_named(axes, names, first=True)
        axes.set(xlabel="precision", ylabel="matrix" if axes is grid[0] else "class", xlim=(0, None))
        titled(axes, title)
    shared_legend(figure, handles)
    return figure


def stability_panels(frame: pd.DataFrame) -> Figure:
    """Draw agreement of single concepts and of the subspaces they span, against their number.

    Args:
        frame: columns number, resampled_low and resampled_mean (|⟨q, q'⟩| with contexts drawn again),
            resampled_nearest (the least of the nearest concept of any number), halves (by number between halves of
            the text) and subspace (overlap of the leading subspaces of the halves).
    """
    figure, (single, together) = panels(2, 3.1)
    number = frame["number"]
    single.plot(number, frame["resampled_mean"], label="contexts drawn again, mean", **curve_look(0))
    single.plot(number, frame["resampled_low"], label="contexts drawn again, least", **curve_look(1))
    single.plot(number, frame["halves"], label="halves of the text", **curve_look(2))
    single.plot(number, frame["resampled_nearest"], label="drawn again, any number, least", **curve_look(3))
    single.set(xlabel="concept k", ylabel="agreement of directions", ylim=(-0.04, 1.04))
    titled(single, "One concept")
    together.plot(number, frame["subspace"], **curve_look(2))
    together.set(xlabel="number of concepts k", ylabel="overlap of subspaces", ylim=(-0.04, 1.04))
    titled(together, "The first k together")
    for axes in (single, together):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    shared_legend(figure, source=single)
    return figure


def spectrum_curves(frame: pd.DataFrame) -> Figure:
    """Draw singular values as shares of the largest, against their number, one curve for each matrix and text.

    Args:
        frame: columns curve, number, share.
    """
    figure, (axes,) = panels(1, 3.3)
    for i, (curve, part) in enumerate(frame.groupby("curve", sort=False)):
        axes.plot(part["number"], part["share"], label=curve, **curve_look(i))
    axes.set(xscale="log", yscale="log", xlabel="number k", ylabel=r"$\sigma_k/\sigma_1$")
    shared_legend(figure)
    return figure


def sample_size_panels(frame: pd.DataFrame) -> Figure:
    """Draw support sizes and what is unseen, against the length of the text.

    Args:
        frame: columns tokens, mean_support, weighted_support, single_share, unseen_mass.
    """
    figure, (sizes, shares) = panels(2, 3.0)
    sizes.plot(frame["tokens"], frame["mean_support"], label="mean over contexts", **curve_look(0))
    sizes.plot(frame["tokens"], frame["weighted_support"], label="weighted by frequency", **curve_look(1))
    sizes.set(xscale="log", yscale="log", xlabel="tokens of text", ylabel="support size")
    titled(sizes, "Supports grow with the sample")
    shares.plot(frame["tokens"], frame["single_share"], label="contexts with one next token", **curve_look(2))
    shares.plot(frame["tokens"], frame["unseen_mass"], label="unseen next tokens (Good–Turing)", **curve_look(3))
    shares.set(xscale="log", xlabel="tokens of text", ylabel="share", ylim=(0, 1.04))
    titled(shares, "What is not seen yet")
    handles = [line for axes in (sizes, shares) for line in axes.get_lines()]
    shared_legend(figure, handles)
    return figure
