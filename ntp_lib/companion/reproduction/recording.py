"""Recording a figure from a notebook: its data, its drawings, and a note for the pipeline."""

from __future__ import annotations

import base64
import hashlib
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.session import Session
from ntp_lib.companion.reproduction.tables import csv_text, require_tidy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FIGURE_MIME = "application/vnd.ntp.figure+json"


def record_figure(
    figure_id: str,
    frame: pd.DataFrame,
    draw: Callable[[pd.DataFrame], Figure],
    *,
    source_sha256: str | None = None,
) -> None:
    """Record a figure: write its data (CSV) and drawings (SVG, light and dark, wide and narrow; PNG), and show it.

    Executed by the pipeline, the files go into the run. Run by a person, they go to
    `_build/interactive` and the verdict beside the reference is printed.

    Args:
        figure_id: its id in `notebooks/figures.yml`.
        frame: tidy data, one row per key; its index is not part of the data.
        draw: frame in, matplotlib figure out.
        source_sha256: SHA-256 of the text the data were computed from, where the manifest names one.

    Raises:
        ReproductionError: the figure is not this notebook's, was recorded before, or its frame could
            not be written and compared faithfully.
    """
    session = Session.current()
    if session is None:
        # Imported by name so that the comparison is no input of the runs: a change of the verifier must
        # not execute notebooks again.
        interactive = importlib.import_module("ntp_lib.companion.reproduction.interactive")
        folder, verdict = interactive.record(figure_id, frame, source_sha256)
    else:
        _require_expected(session.records(), figure_id, frame)
        folder, verdict = session.folder / "figures", ""
        digest = write_data(figure_id, frame, folder)
    from ntp_lib.figures.rendering import render

    render(frame, draw, folder, figure_id)
    if session is not None:
        # Noted last: a figure that could not be drawn was not recorded.
        session.note_figure(figure_id, {"csv_sha256": digest, "source_sha256": source_sha256})
    _display(figure_id, folder / f"{figure_id}.png")
    if verdict:
        print(verdict)


def write_data(figure_id: str, frame: pd.DataFrame, folder: Path) -> str:
    """Write the data of a figure and give the SHA-256 of the file."""
    folder.mkdir(parents=True, exist_ok=True)
    content = csv_text(frame).encode()
    (folder / f"{figure_id}.csv").write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _require_expected(records: dict[str, Any], figure_id: str, frame: pd.DataFrame) -> None:
    if figure_id in records["figures"]:
        raise ReproductionError(f"{figure_id}: recorded twice in this notebook")
    key: list[str] = []
    if records["listed"] is not None:
        entry = records["listed"].get(figure_id)
        if entry is None:
            listed = ", ".join(records["listed"]) or "(none)"
            raise ReproductionError(f"{figure_id}: not in notebooks/figures.yml; listed: {listed}")
        if entry["notebook"] != records["notebook"]:
            raise ReproductionError(f"{figure_id}: notebooks/figures.yml gives it to {entry['notebook']!r}")
        key = entry["key"]
    require_tidy(frame, key, figure_id)


def _display(figure_id: str, png: Path) -> None:
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    if get_ipython() is None:
        return
    image = base64.b64encode(png.read_bytes()).decode()
    display({"image/png": image, FIGURE_MIME: {"id": figure_id}}, raw=True)
