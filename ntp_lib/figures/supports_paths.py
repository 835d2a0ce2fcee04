"""Weight decay and supports: how fast twins meet, where the path ends, which singular values open when."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import legend_below, shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import MARKERS, colour, dash, ink

SPEEDS = {
    "distance": ("Distance of twins", r"$\|h_i-h_j\|$"),
    "rest": ("Distance from the ray of the proxy", r"$\|\Lambda-(B/\nu_*)\tilde{S}\|$"),
    "offset": ("The clock", r"$B-\nu_*\log(1/\lambda)$"),
    "share": ("Misfit over its bound", r"largest share of $\lambda/\hat{\pi}_j$"),
}
LAW = {
    "excess": ("Proxy too long", "norm ratio − 1"),
    "cosine": ("Cosine of the proxy", "cosine"),
    "slack": ("Margins above one", "share of pairs"),
    "rank": ("Rank", "share of full rank"),
}


def speed_panels(frame: pd.DataFrame) -> Figure:
    """Draw what the rates along the path of strict supports say.

    Args:
        frame: columns curve, penalty, norm (B), distance, rest, offset, share and power, the exponent of B that is
            proved for the distance and drawn as a thin line through its last point.
    """
    figure, grid = panels(4, 2.7)
    for axes, (column, (title, label)) in zip(grid, SPEEDS.items(), strict=True):
        x = "norm" if column == "distance" else "penalty"
        for i, (curve, part) in enumerate(frame.groupby("curve", sort=False)):
            axes.plot(part[x], part[column], color=colour(i), linestyle=dash(i), marker=MARKERS[i], markersize=3,
                      label=curve)  # fmt: skip
            if column == "distance":
                last = part.iloc[-1]
                line = last["distance"] * (part["norm"] / last["norm"]) ** last["power"]
                axes.plot(part["norm"], line, color=ink(), linewidth=0.8, linestyle=":")
        axes.set(xscale="log", xlabel="nuclear norm B" if x == "norm" else "penalty λ", ylabel=label)
        if column == "distance":
            axes.set_yscale("log")
        if x == "penalty":
            axes.invert_xaxis()
        if column == "rest":
            axes.set_ylim(0, None)
        if column == "share":
            axes.axhline(1.0, color=ink(), linewidth=0.8, linestyle=":")
            axes.set_ylim(0, 1.08)
        titled(axes, title)
    shared_legend(figure)
    return figure


def without_strictness_panels(frame: pd.DataFrame) -> Figure:
    """Draw how far the path stays from its ray, and to which of many max-margin matrices it turns.

    Args:
        frame: columns panel ("distance" or "point"), curve, log_penalty, place (B, or the log-penalty), value (the
            distance, or t) and rule (the t that is predicted, a dotted line; NaN in the first panel).
    """
    figure, grid = panels(2, 2.9)
    kinds = [frame[frame["panel"] == panel] for panel in ("distance", "point")]
    for offset, axes, part in zip((0, 3), grid, kinds, strict=True):
        for i, (curve, points) in enumerate(part.groupby("curve", sort=False), start=offset):
            axes.plot(points["place"], points["value"], color=colour(i), linestyle=dash(i % 3),
                      marker=MARKERS[i % 3], markersize=3, label=curve)  # fmt: skip
            if offset:
                axes.axhline(float(points["rule"].iloc[0]), color=colour(i), linewidth=0.8, linestyle=":")
        axes.set(xscale="log", ylim=(0 if not offset else -0.02, None))
        legend_below(axes)
    grid[0].set(xlabel="nuclear norm B", ylabel=r"$\|\Lambda-(B/\nu_*)\Lambda^{\mathrm{mm}}\|$")
    grid[1].set(xlabel="log(1/λ)", ylabel="extra margin t")
    titled(grid[0], "Distance from the ray")
    titled(grid[1], "Which point of many")
    return figure


def singular_fan(frame: pd.DataFrame) -> Figure:
    """Draw the singular values of the minimisers against the penalty, with those of M₀ as ticks.

    Args:
        frame: columns case, index (from 1), penalty, value (σ_k of the logits) and start (σ_k of M₀).
    """
    cases = list(frame.groupby("case", sort=False))
    figure, grid = panels(len(cases), 3.0)
    for axes, (case, part) in zip(grid, cases, strict=True):
        top = float(part["value"].max())
        for i, (_, curve) in enumerate(part.groupby("index")):
            axes.plot(curve["penalty"], curve["value"], color=colour(i), linestyle=dash(i))
            start = float(curve["start"].iloc[0])
            axes.plot([start], [-0.05 * top], marker="^", color=colour(i), clip_on=False, linestyle="none")
        axes.set(xscale="log", xlabel="penalty λ", ylabel="singular values", ylim=(-0.09 * top, None))
        axes.invert_xaxis()
        titled(axes, str(case))
    return figure


def proxy_law_panels(frame: pd.DataFrame) -> Figure:
    """Draw the law of the proxy over the density of supports, with what random supports show.

    Args:
        frame: columns curve ("law", or what points are), density, and excess, cosine, slack and rank, each with
            its spread over draws in a column `…_spread` (NaN for the law).
    """
    figure, grid = panels(4, 2.7)
    law = frame[frame["curve"] == "law"].sort_values("density")
    points = frame[frame["curve"] != "law"]
    for axes, (column, (title, label)) in zip(grid, LAW.items(), strict=True):
        axes.plot(law["density"], law[column], color=ink(), label="law")
        for i, (curve, part) in enumerate(points.groupby("curve", sort=False)):
            # Points of one density stand beside each other.
            place = part["density"] * np.exp(0.06 * (i - 0.5))
            axes.errorbar(
                place, part[column], yerr=part[f"{column}_spread"], color=colour(i), marker=MARKERS[i], capsize=3,
                linestyle="none", markersize=5, label=curve,
            )  # fmt: skip
        axes.set(xscale="log", xlabel="density p", ylabel=label)
        if column == "excess":
            axes.set_yscale("log")
        titled(axes, title)
    shared_legend(figure)
    return figure
