"""The look of every figure: one palette and one type size, for light and for dark pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib as mpl
import seaborn as sns
from cycler import cycler


@dataclass(frozen=True)
class Theme:
    """Colours of the page a figure stands on.

    Attributes:
        name: "light" or "dark".
        ink: text and axes.
        paper: the background, used where something must be covered; the figure itself is transparent.
        grid: grid lines.
        palette: line colours, told apart also by their lightness.
    """

    name: str
    ink: str
    paper: str
    grid: str
    palette: tuple[str, ...]


LIGHT = Theme(
    "light", "#1c2430", "#ffffff", "#d8dde4",
    ("#0b5fa5", "#c2410c", "#0f766e", "#7c3aed", "#a16207", "#475569", "#be185d", "#5b8c12", "#0891b2", "#7f1d1d"),
)  # fmt: skip
DARK = Theme(
    "dark", "#e6e9ef", "#121212", "#3a414c",
    ("#6cb6ff", "#ff9e64", "#5eead4", "#c4a7fd", "#facc15", "#a8b3c2", "#f472b6", "#a3e635", "#22b8d8", "#fca5a5"),
)  # fmt: skip
# In points, for everything that is written: a figure is shown as wide as it is drawn, and then an exponent, which
# matplotlib sets at 0.7 of it, is still 10 pixels high.
TYPE = 10.8

DASHES: tuple[str | tuple[int, tuple[float, ...]], ...] = (
    "-",
    (0, (5, 2)),
    (0, (1, 1.4)),
    (0, (6, 2, 1, 2)),
    (0, (9, 3)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")


@contextmanager
def themed(theme: Theme) -> Iterator[Theme]:
    """Draw with a theme; the settings of the caller are restored afterwards.

    The theme starts from matplotlib's own defaults: a person's `matplotlibrc` and styles do not reach a figure.
    """
    settings = {
        **sns.axes_style("ticks"),
        "text.color": theme.ink,
        "axes.labelcolor": theme.ink,
        "axes.edgecolor": theme.ink,
        "xtick.color": theme.ink,
        "ytick.color": theme.ink,
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "savefig.facecolor": "none",
        "legend.facecolor": "none",
        "legend.edgecolor": "none",
        "legend.frameon": False,
        "axes.prop_cycle": cycler(color=list(theme.palette)),
        "axes.grid": True,
        "grid.color": theme.grid,
        "grid.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": TYPE,
        "axes.titleweight": "bold",
        "axes.labelsize": TYPE,
        "font.size": TYPE,
        "figure.labelsize": TYPE,
        "font.family": "DejaVu Sans",
        "mathtext.fontset": "dejavusans",
        "legend.fontsize": TYPE,
        "legend.title_fontsize": TYPE,
        "lines.linewidth": 1.8,
        "figure.constrained_layout.use": True,
        "svg.hashsalt": "ntp",
        # Outlines: nobody can select the text of an <img>, and a telephone without DejaVu would set other widths.
        "svg.fonttype": "path",
        "image.cmap": "viridis",
        # The only setting of an axis that rcdefaults leaves to the person.
        "timezone": "UTC",
    }
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(settings)
        yield theme


def ink() -> str:
    """Colour of text and axes under the theme in force."""
    return str(mpl.rcParams["text.color"])


def palette() -> list[str]:
    """Line colours of the theme in force."""
    return list(mpl.rcParams["axes.prop_cycle"].by_key()["color"])


def colour(index: int) -> str:
    """Colour of the index-th curve under the theme in force; after the tenth they repeat, with other dashes."""
    return palette()[index % len(palette())]


def dash(index: int) -> str | tuple[int, tuple[float, ...]]:
    """Line style of the index-th curve: the second way, beside colour, to tell curves apart."""
    return DASHES[index % len(DASHES)]
