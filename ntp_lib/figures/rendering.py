"""From a tidy frame and a drawing function to files: SVG for light and dark, wide and narrow pages, and a PNG."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ntp_lib.figures.lettering import readable_logs
from ntp_lib.figures.sheet import NARROW, WIDE, drawn_on
from ntp_lib.figures.style import DARK, LIGHT, themed
from ntp_lib.figures.words import as_words

Draw = Callable[[pd.DataFrame], Figure]

PNG_DPI = 200
# What is drawn of every figure; book/_ext/ntp_figure.py shows the one that fits the reader's page.
SUFFIXES = {
    "svg": (WIDE, LIGHT),
    "dark.svg": (WIDE, DARK),
    "narrow.svg": (NARROW, LIGHT),
    "narrow.dark.svg": (NARROW, DARK),
}
UNDEFINED = "not defined for these data"


def render(frame: pd.DataFrame, draw: Draw, folder: Path, stem: str) -> None:
    """Draw a frame once per sheet and theme; write <stem>.png and <stem>.<suffix> for every one of `SUFFIXES`.

    The bytes depend on the frame and the versions of the drawing libraries only. Texts of the frame are drawn as
    they are, whatever formula they look like.
    """
    frame = as_words(frame)
    # No window and no global figure: drawing functions build Figure objects of their own.
    with mpl.rc_context({"svg.hashsalt": "ntp"}):
        for suffix, (sheet, theme) in SUFFIXES.items():
            with drawn_on(sheet), themed(theme):
                figure = drawn(frame, draw)
                figure.savefig(folder / f"{stem}.{suffix}", metadata={"Date": None, "Creator": None})
                if suffix == "svg":
                    metadata = {"Software": None}
                    figure.savefig(folder / f"{stem}.png", dpi=PNG_DPI, facecolor="white", metadata=metadata)


def drawn(frame: pd.DataFrame, draw: Draw) -> Figure:
    """Draw a frame, and write so into panels that have nothing to show, as where a limit does not exist.

    A logarithmic axis without a positive number cannot be drawn at all; such an axis becomes linear.
    """
    with warnings.catch_warnings():
        # Said in the panel.
        warnings.filterwarnings("ignore", "Data has no positive values")
        figure = draw(frame)
    for axes in figure.axes:
        # Columns of numbers: a reference line has two points and shows no data.
        curves = [line for line in axes.lines if np.size(line.get_ydata()) > 2]
        if _straightened(axes) or (curves and not any(_defined(line.get_ydata()) for line in curves)):
            axes.text(0.5, 0.5, UNDEFINED, transform=axes.transAxes, ha="center", va="center")
    readable_logs(figure)
    return figure


def _straightened(axes: Axes) -> bool:
    """Whether an axis was logarithmic without a positive number; it is linear now."""
    empty_x = axes.get_xscale() == "log" and not np.isfinite(axes.dataLim.minposx)
    empty_y = axes.get_yscale() == "log" and not np.isfinite(axes.dataLim.minposy)
    if empty_x:
        axes.set_xscale("linear")
    if empty_y:
        axes.set_yscale("linear")
    return empty_x or empty_y


def _defined(values: object) -> bool:
    return bool(np.isfinite(np.asarray(values, dtype=float)).any())
