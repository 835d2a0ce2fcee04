"""One recorded figure judged beside its reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from ntp_lib.companion.reproduction.comparison import Comparison, compare, compare_structure
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.integrity import altered_figure
from ntp_lib.companion.reproduction.manifest import FigureEntry, Manifest
from ntp_lib.companion.reproduction.partial import Partial
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run import Run
from ntp_lib.companion.reproduction.runs import figure_file
from ntp_lib.companion.reproduction.tables import read_table


class State(Enum):
    """What became of a figure; the value says it in words."""

    AGREES = "agrees with its reference"
    OTHER_SOURCE = "other source text: structure and checks compared, digits not"
    DIFFERS = "differs from its reference"
    NO_REFERENCE = "has no reference"
    NOT_RECORDED = "was not recorded"
    ALTERED = "is not as its run made it"


@dataclass(frozen=True)
class FigureResult:
    """A figure, its state, and the comparison behind it.

    Attributes:
        figure: id of the figure.
        notebook: name of its notebook.
        state: what became of it.
        detail: more words where the state needs them, such as the next command to run.
        verdict: the comparison; None where there was nothing to compare.
    """

    figure: str
    notebook: str
    state: State
    detail: str = ""
    verdict: Comparison | None = None

    @property
    def ok(self) -> bool:
        """Nothing is wrong with the figure itself; its run is judged separately."""
        return self.state in (State.AGREES, State.OTHER_SOURCE)


def judge_run(
    project: Project, manifest: Manifest, entry: FigureEntry, run: Run | Partial | None, folder: Path
) -> FigureResult:
    """Judge a figure of a run, after making sure that its data and drawings are those the run made.

    Args:
        project: the project.
        manifest: its manifest.
        entry: the figure.
        run: the run of the figure's notebook, or the part of it that came about, if there is one.
        folder: the run's folder.

    Returns:
        The result.
    """
    recorded = run.figures.get(entry.id) if run else None
    data = figure_file(folder, entry.id, "csv")
    if run is None or recorded is None:
        return FigureResult(entry.id, entry.notebook, State.NOT_RECORDED, _missing(entry.notebook, run))
    if changed := altered_figure(folder, run, entry.id):
        detail = f"{'; '.join(changed)} ({project.relative(folder)}); run: ntp run {entry.notebook} --fresh"
        return FigureResult(entry.id, entry.notebook, State.ALTERED, detail)
    return judge(project, manifest, entry, data, recorded.source_sha256)


def _missing(notebook: str, run: Run | Partial | None) -> str:
    again = f"run: ntp run {notebook}"
    if run is None:
        return f"not run yet; {again}"
    if isinstance(run, Run) and run.overrides:
        values = ", ".join(f"{name}={value}" for name, value in run.overrides.items())
        return f"{notebook} went through with {values} and did not record it"
    return f"the run of {notebook} lacks it; {again} --fresh"


def judge(
    project: Project, manifest: Manifest, entry: FigureEntry, data: Path, source_sha256: str | None
) -> FigureResult:
    """Compare a figure's data file with the committed reference.

    Args:
        project: the project.
        manifest: its manifest.
        entry: the figure.
        data: CSV of the figure.
        source_sha256: digest of the text the data were computed from, if the figure depends on one.

    Returns:
        The result. With another text than the manifest's, only the structure is compared.
    """
    reference = project.reference(entry.id)
    if not reference.is_file():
        return FigureResult(
            entry.id, entry.notebook, State.NO_REFERENCE, f"make this data its reference: ntp accept {entry.id}"
        )
    try:
        tables = read_table(data), read_table(reference)
    except ReproductionError as error:
        verdict = Comparison(figure=entry.id, problems=(str(error),))
        return FigureResult(entry.id, entry.notebook, State.DIFFERS, verdict=verdict)
    if entry.source is None or source_sha256 == manifest.sources[entry.source].sha256:
        verdict = compare(*tables, entry)
        state = State.AGREES if verdict.ok else State.DIFFERS
        return FigureResult(entry.id, entry.notebook, state, verdict=verdict)
    verdict = compare_structure(*tables, entry)
    if source_sha256 is None:
        problem = f"the notebook did not record source_sha256, which the manifest asks for ({entry.source})"
        verdict = replace(verdict, problems=(problem, *verdict.problems))
    note = f"computed from another {entry.source} ({source_sha256}); digits were not compared"
    state = State.OTHER_SOURCE if verdict.ok else State.DIFFERS
    return FigureResult(entry.id, entry.notebook, state, verdict=replace(verdict, note=note))
