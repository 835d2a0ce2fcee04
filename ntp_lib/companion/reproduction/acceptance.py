"""Making the data of a run the reference."""

from __future__ import annotations

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.judgement import FigureResult, State, judge_run
from ntp_lib.companion.reproduction.manifest import load_manifest
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run_report import staleness
from ntp_lib.companion.reproduction.runs import figure_file, load_run
from ntp_lib.companion.reproduction.tables import read_table
from ntp_lib.numerics.whole_file import whole_file


def propose(project: Project, figure: str) -> FigureResult:
    """The difference that accepting a figure would settle.

    Args:
        project: the project.
        figure: id of the figure.

    Returns:
        The figure judged beside its present reference.

    Raises:
        RequestError: no such figure.
        ReproductionError: its run is missing, stale, altered, used other parameters or another source
            text, or its columns are not those of the manifest.
    """
    manifest = load_manifest(project)
    entry = manifest.figure(figure)
    folder = project.runs / entry.notebook
    run = load_run(folder)
    again = f"run: ntp run {entry.notebook}"
    if run is None:
        raise ReproductionError(f"{figure}: {entry.notebook} has not been run; {again}")
    if run.overrides:
        raise ReproductionError(f"{figure}: its run used other parameters than the defaults; {again} --fresh")
    if changes := staleness(project, entry.notebook, run):
        raise ReproductionError(f"{figure}: its run is stale ({'; '.join(changes)}); {again}")
    result = judge_run(project, manifest, entry, run, folder)
    if result.state in (State.NOT_RECORDED, State.ALTERED):
        raise ReproductionError(f"{figure} {result.state.value}: {result.detail}")
    if entry.source and run.figures[figure].source_sha256 != manifest.sources[entry.source].sha256:
        raise ReproductionError(
            f"{figure}: computed from another {entry.source} than the manifest's; "
            "run it on that text, or change the manifest's sha256 first"
        )
    columns = set(read_table(figure_file(folder, figure, "csv")).columns)
    if unlisted := sorted(columns ^ {*entry.key, *entry.columns}):
        raise ReproductionError(
            f"{figure}: column {unlisted[0]!r} is in the data or in notebooks/figures.yml, but not in both"
        )
    return result


def accept(project: Project, figure: str) -> None:
    """Make the data of the last run the reference of a figure, as a whole.

    Args:
        project: the project.
        figure: id of the figure.

    Raises:
        ReproductionError: as for `propose`.
    """
    propose(project, figure)
    entry = load_manifest(project).figure(figure)
    data = figure_file(project.runs / entry.notebook, figure, "csv").read_bytes()
    project.references.mkdir(parents=True, exist_ok=True)
    with whole_file(project.reference(figure)) as temporary:
        temporary.write_bytes(data)
