"""Where the committed report stands today: what it proves, what it is too old for, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ntp_lib.companion.portability.records import PortabilityReport, SettingRecord, made_from
from ntp_lib.companion.portability.settings import deviation
from ntp_lib.companion.portability.storage import load_report, report_file
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.manifest import Manifest
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run_report import RunReport

COMMAND = "ntp portability"


@dataclass(frozen=True)
class Standing:
    """The report and the verdict on it.

    Attributes:
        report: the report; None where there is none or it cannot be read.
        outdated: notebooks whose sources, references or tolerances are not those of the report, or that were not
            run here, so that nobody knows.
        problems: what is wrong, one sentence each; notebooks that are outdated are not judged.
    """

    report: PortabilityReport | None
    outdated: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def standing(project: Project, manifest: Manifest, runs: Mapping[str, RunReport]) -> Standing:
    """Judge the committed report against the project as it is.

    A report need not be renewed for every change, since that takes long; but it speaks of a notebook only as
    long as everything is the same that this notebook's figures and their verdicts depend on.

    Args:
        project: the project.
        manifest: its figures.
        runs: what is known of its notebooks' runs, by name.
    """
    path = report_file(project)
    if not path.is_file():
        return Standing(None)
    try:
        report = load_report(path)
    except ReproductionError as error:
        return Standing(None, problems=(str(error),))
    names = project.notebook_names()
    outdated = tuple(name for name in names if _is_outdated(project, manifest, report, runs[name]))
    current = report.of_notebooks([name for name in names if name not in outdated])
    problems = [*_coverage(report)]
    for record in current.settings:
        problems += _setting_problems(record, manifest)
    return Standing(report, outdated, tuple(problems))


def _is_outdated(project: Project, manifest: Manifest, report: PortabilityReport, run: RunReport) -> bool:
    records = [record.notebooks.get(run.notebook) for record in report.settings]
    now = made_from(project, manifest, run.notebook, run.files)
    return any(record is None or record.made_from != now for record in records)


def _coverage(report: PortabilityReport) -> Iterator[str]:
    for what, values in (
        ("kernel", {record.setting.kernel.lower() for record in report.settings}),
        ("number of threads", {record.setting.threads for record in report.settings}),
    ):
        if len(values) < 2:
            yield f"the report holds {len(values)} {what}, which shows nothing; run: {COMMAND}"


def _setting_problems(record: SettingRecord, manifest: Manifest) -> Iterator[str]:
    for name, notebook in record.notebooks.items():
        where = f"{record.setting}: {name}"
        if notebook.failure:
            yield f"{where} failed ({notebook.failure})"
            continue
        recorded = notebook.figures or notebook.checks
        if recorded and (problem := deviation(record.setting, notebook.arithmetic)):
            yield f"{name}, {problem}"
        if notebook.held != notebook.checks:
            yield f"{where}: {notebook.held} of {notebook.checks} checks held"
        for entry in manifest.of_notebook(name):
            figure = notebook.figures.get(entry.id)
            if figure is None or not figure.verified:
                state = figure.state.lower() if figure else "not recorded"
                yield f"{where}: {entry.id} was not verified ({state})"
