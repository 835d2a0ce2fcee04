"""Titles and legends that fit the sheet, and numbers on logarithmic axes that can be read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator
from matplotlib.transforms import ScaledTranslation

from ntp_lib.figures.sheet import sheet
from ntp_lib.figures.style import ink

POINTS = 72.0
# What the numbers and the label of a vertical axis take from a panel's width.
BESIDE = 52.0
# Which numbers a logarithmic axis shows in every decade when it spans less than so many.
STEPS: tuple[tuple[float, Sequence[float]], ...] = (
    (0.25, tuple(np.arange(1.0, 10.0, 0.5))),
    (0.6, tuple(np.arange(1.0, 10.0))),
    (1.6, (1.0, 2.0, 5.0)),
    (2.5, (1.0, 3.0)),
)
# A word, or a formula with the spaces in it.
WORDS = re.compile(r"(?:\$[^$]*\$|\S)+")


def titled(axes: Axes, title: str) -> None:
    """Write a panel's title at its left, in as many lines as its width asks for."""
    spec = axes.get_subplotspec()
    figure = axes.get_figure()
    assert spec is not None
    assert isinstance(figure, Figure)
    room = POINTS * figure.get_figwidth() * len(spec.colspan) / spec.get_gridspec().ncols - BESIDE
    font = FontProperties(size=mpl.rcParams["axes.titlesize"], weight=mpl.rcParams["axes.titleweight"])
    axes.set_title("\n".join(lines(title, room, font)), loc="left")


def lines(text: str, room: float, font: FontProperties | None = None) -> list[str]:
    """The text broken at its spaces into lines no wider than so many points; formulas are not broken."""
    font = font or FontProperties(size=mpl.rcParams["font.size"])
    broken: list[str] = []
    for word in WORDS.findall(text):
        longer = f"{broken[-1]} {word}" if broken else word
        if broken and width(longer, font) <= room:
            broken[-1] = longer
        else:
            broken.append(word)
    return broken


def width(text: str, font: FontProperties) -> float:
    """Width of a line of text in points."""
    found = text_to_path.get_text_width_height_descent(text, font, ismath=bool(is_math_text(text)))[0]
    return float(found)


def shared_legend(
    figure: Figure,
    handles: Sequence[Any] = (),
    *,
    source: Axes | None = None,
    location: str = "upper center",
    markerscale: float = 1.0,
) -> None:
    """Write one legend outside the panels in as many columns as fit, and make the figure higher by it.

    Args:
        figure: the figure; without handles, the curves of `source` or of its first panel; one alone
            needs no legend.
        handles: what to explain instead.
        source: the panel that holds every curve.
        location: the side of the figure.
        markerscale: how much larger marks are in the legend.
    """
    if not handles:
        handles, _ = (source or figure.axes[0]).get_legend_handles_labels()
        if len(handles) < 2:
            return
    texts = [
        "\n".join(lines(str(handle.get_label()), POINTS * (figure.get_figwidth() - 0.7))) for handle in handles
    ]
    for columns in range(min(4, len(texts)), 0, -1):
        look: dict[str, Any] = {"loc": f"outside {location}", "labelcolor": ink(), "markerscale": markerscale}
        legend = figure.legend(handles, texts, ncols=columns, **look)
        box = legend.get_window_extent()
        if box.width <= figure.bbox.width - 4 or columns == 1:
            break
        legend.remove()
    figure.set_figheight(figure.get_figheight() + box.height / figure.dpi)


def legend_below(axes: Axes) -> None:
    """Write a panel's legend below its horizontal label, where it hides no curve."""
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    down = ScaledTranslation(-0.35, -0.56, figure.dpi_scale_trans)
    axes.legend(
        loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=axes.transAxes + down, borderaxespad=0, borderpad=0
    )


def named_rows(axes: Axes, names: Sequence[str]) -> None:
    """Name rows 0, 1, … from the top: beside the axes, or in the rows where there is no room beside."""
    if sheet().stacked:
        axes.set_yticks([])
        for row, name in enumerate(names):
            axes.annotate(name, (0, row - 0.5), (2, -2), xycoords=("axes fraction", "data"),
                          textcoords="offset points", va="top", color=ink())  # fmt: skip
    else:
        axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)


def readable_logs(figure: Figure) -> None:
    """Number short logarithmic axes by 1, 2 and 5 or so in plain decimals, long ones by powers of ten alone."""
    for axes in figure.axes:
        for axis, scale in ((axes.xaxis, axes.get_xscale()), (axes.yaxis, axes.get_yscale())):
            if scale == "log" and isinstance(axis.get_major_locator(), LogLocator):
                _number(axis)


def _number(axis: Axis) -> None:
    low, high = sorted(axis.get_view_interval())
    decades = np.log10(high / low)
    axis.set_minor_formatter(NullFormatter())
    steps = next((steps for bound, steps in STEPS if decades < bound), None)
    if steps is None:
        return
    axis.set_major_locator(LogLocator(subs=steps, numticks=20))
    axis.set_major_formatter(FuncFormatter(_decimal))
    axis.set_minor_locator(NullLocator())


def _decimal(value: float, _position: int | None = None) -> str:
    if 1e-4 < value < 1e6:
        return f"{value:.6g}"
    power = int(np.floor(np.log10(value) + 1e-9))
    factor = value / 10.0**power
    return rf"$10^{{{power}}}$" if abs(factor - 1) < 1e-6 else rf"${factor:.2g}\cdot 10^{{{power}}}$"
