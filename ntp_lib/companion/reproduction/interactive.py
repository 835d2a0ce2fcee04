"""Recording a figure outside the pipeline: a person in Jupyter sees yours against reference at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.judgement import judge
from ntp_lib.companion.reproduction.manifest import load_manifest
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.recording import write_data
from ntp_lib.companion.reproduction.tables import require_tidy
from ntp_lib.companion.reproduction.wording import describe_figure

if TYPE_CHECKING:
    import pandas as pd


def record(figure: str, frame: pd.DataFrame, source_sha256: str | None) -> tuple[Path, str]:
    """Write a figure's data to `_build/interactive` and judge them.

    Args:
        figure: id of the figure.
        frame: its data.
        source_sha256: digest of the text behind them, if any.

    Returns:
        The folder for the figure's files and the verdict in words.

    Raises:
        ReproductionError: the frame could not be written and compared faithfully.
    """
    try:
        project = Project.find()
    except ReproductionError as error:
        require_tidy(frame, (), figure)
        folder = Path.cwd() / "_build" / "interactive"
        write_data(figure, frame, folder)
        return folder, f"{figure}: not compared ({error})"
    manifest = load_manifest(project)
    entry = manifest.figures.get(figure)
    require_tidy(frame, entry.key if entry else (), figure)
    write_data(figure, frame, project.interactive)
    if entry is None:
        return project.interactive, f"{figure}: not compared (notebooks/figures.yml does not list it)"
    data = project.interactive / f"{figure}.csv"
    return project.interactive, describe_figure(judge(project, manifest, entry, data, source_sha256))
