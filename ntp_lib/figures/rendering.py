"""From a tidy frame and a drawing function to files: SVG for light and dark pages, PNG for download."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from ntp_lib.figures.style import DARK, LIGHT, themed
from ntp_lib.figures.words import as_words

Draw = Callable[[pd.DataFrame], Figure]

PNG_DPI = 160


def render(frame: pd.DataFrame, draw: Draw, folder: Path, stem: str) -> None:
    """Draw a frame once per theme and write <stem>.svg, <stem>.dark.svg and <stem>.png into a folder.

    The bytes depend on the frame and the versions of the drawing libraries only. Texts of the frame are drawn as
    they are, whatever formula they look like.
    """
    frame = as_words(frame)
    # No window and no global figure: drawing functions build Figure objects of their own.
    with mpl.rc_context({"svg.hashsalt": "ntp"}):
        with themed(LIGHT):
            figure = draw(frame)
            figure.savefig(folder / f"{stem}.svg", metadata={"Date": None, "Creator": None})
            figure.savefig(folder / f"{stem}.png", dpi=PNG_DPI, facecolor="white", metadata={"Software": None})
        with themed(DARK):
            draw(frame).savefig(folder / f"{stem}.dark.svg", metadata={"Date": None, "Creator": None})
