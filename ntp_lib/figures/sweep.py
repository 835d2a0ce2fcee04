"""The same data with more and more dimensions, over several seeds (paper, §6: d against m)."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import shared_legend, titled
from ntp_lib.figures.sheet import panels
from ntp_lib.figures.style import MARKERS, colour, dash, ink

PANELS = {
    "excess_loss": ("Excess loss", "CE − H (nats)"),
    "norm": ("Norm", r"$\|W\|$"),
    "alignment": (r"Direction of $W - W^{\star}$", r"cosine with $W^{\mathrm{mm}}$"),
    "finite_error": (r"On $\mathcal{F}$", r"$\|P_{\mathcal{F}} W - W^{\star}\|$"),
}


def dimension_panels(frame: pd.DataFrame) -> Figure:
    """Draw median and range over seeds of loss, norm, alignment and finite part, one band per dimension.

    Args:
        frame: columns dim, ratio (dim over the number of contexts), step and, for each of excess_loss, norm,
            alignment and finite_error, <name>_median, <name>_low and <name>_high. Step 0 is not drawn, the axis
            being logarithmic.
    """
    drawn = frame[frame["step"] > 0]
    figure, grid = panels(4, 2.8)
    for axes, (name, (title, label)) in zip(grid, PANELS.items(), strict=True):
        for i, (ratio, part) in enumerate(drawn.groupby("ratio")):
            steps = part["step"].to_numpy()
            axes.fill_between(steps, part[f"{name}_low"], part[f"{name}_high"], color=colour(i), alpha=0.22, lw=0)
            axes.plot(
                steps,
                part[f"{name}_median"],
                color=colour(i),
                linestyle=dash(i),
                marker=MARKERS[i % len(MARKERS)],
                markersize=4,
                markevery=(3 * i, max(1, len(steps) // 6)),
                label="d = m" if ratio == 1 else f"d = {ratio:g} m",
            )
        axes.set(xscale="log", xlabel="iteration", ylabel=label)
        titled(axes, title)
    for axes in (figure.axes[0], figure.axes[3]):
        axes.set_yscale("log")
    figure.axes[2].axhline(1.0, color=ink(), linewidth=1.0, linestyle=":")
    shared_legend(figure)
    return figure
