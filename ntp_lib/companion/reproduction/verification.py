"""The verdict on everything: every figure, every run, every notebook source, every claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ntp_lib.companion.reproduction.claims import LedgerReport, judge_claims
from ntp_lib.companion.reproduction.environment import lock_note
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.integrity import alterations
from ntp_lib.companion.reproduction.judgement import FigureResult, judge_run
from ntp_lib.companion.reproduction.ledger import load_ledger
from ntp_lib.companion.reproduction.manifest import Manifest, load_manifest
from ntp_lib.companion.reproduction.notebooks import stored_errors, stored_outputs
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.robustness import REPORT, load_robustness, unlisted, with_a_seed
from ntp_lib.companion.reproduction.run import Run
from ntp_lib.companion.reproduction.run_report import RunReport, report_runs
from ntp_lib.companion.reproduction.runs import FIGURES, NOTEBOOK_FILE


@dataclass(frozen=True)
class Problem:
    """Something wrong with a notebook, a run or a file.

    Attributes:
        subject: name of the notebook or path of the file.
        message: what is wrong, in one sentence.
        remedy: the next command to run or thing to do.
    """

    subject: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"✗ {self.subject}: {self.message}\n    {self.remedy}"


@dataclass(frozen=True)
class Report:
    """The verdict.

    Attributes:
        manifest: the manifest.
        figures: every figure of the manifest, in its order.
        problems: what is wrong besides the figures themselves.
        checks: how many checks the runs recorded.
        ledger: the verdict on the claims; None where the project has no ledger.
        note: how the environment differs from the lock file; empty where it does not.
        runs: what is known of every notebook's run, by its name.
    """

    manifest: Manifest
    figures: tuple[FigureResult, ...]
    problems: tuple[Problem, ...]
    checks: int
    ledger: LedgerReport | None = None
    note: str = ""
    runs: Mapping[str, RunReport] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Everything agrees, every claim is supported, and nothing is missing, stale or left over."""
        claims = self.ledger is None or self.ledger.ok
        return claims and not self.problems and all(figure.ok for figure in self.figures)


def verify(project: Project) -> Report:
    """Judge the runs as they lie, without executing anything.

    Args:
        project: the project.

    Returns:
        The report; it names everything that is wrong, not the first thing only.

    Raises:
        ReproductionError: the manifest or the ledger itself is not valid.
    """
    manifest = load_manifest(project)
    claims = load_ledger(project, manifest) if project.ledger.is_file() else None
    problems = [*_source_problems(project), *_reference_problems(project, manifest)]
    reports = report_runs(project)
    for report in reports.values():
        problems += _run_problems(project, manifest, report)
    runs = {notebook: report.run for notebook, report in reports.items() if report.run is not None}
    problems += _robustness_problems(project, runs)
    figures = tuple(
        judge_run(project, manifest, entry, runs.get(entry.notebook), project.runs / entry.notebook)
        for entry in manifest.figures.values()
    )
    ledger = judge_claims(claims, reports) if claims is not None else None
    if ledger is not None:
        where = project.relative(project.ledger)
        problems += [Problem(where, message, "mend the ledger, or the notebook") for message in ledger.problems]
    checks = sum(len(run.checks) for run in runs.values())
    packages = {name for run in runs.values() for name in run.packages}
    return Report(manifest, figures, tuple(problems), checks, ledger, lock_note(project, packages), reports)


def _source_problems(project: Project) -> Iterator[Problem]:
    """Tracked notebooks carry neither outputs nor execution counts: results live in runs only."""
    for notebook in project.notebook_names():
        for message in stored_outputs(project.notebook(notebook)):
            path = project.relative(project.notebook(notebook))
            yield Problem(path, message, f"run: nbstripout {path}")


def _reference_problems(project: Project, manifest: Manifest) -> Iterator[Problem]:
    for path in sorted(project.references.glob("*.csv")):
        if path.stem not in manifest.figures:
            remedy = f"list {path.stem} in notebooks/figures.yml or delete the file"
            yield Problem(project.relative(path), "reference of a figure that the manifest does not list", remedy)


def _robustness_problems(project: Project, runs: dict[str, Run]) -> Iterator[Problem]:
    """The report over seeds is about the checks there are, and no claim is wider than what it found."""
    path, again = project.measured / REPORT, "run: ntp robustness"
    if not path.is_file():
        return
    try:
        report = load_robustness(path)
    except ReproductionError as error:
        yield Problem(project.relative(path), str(error), again)
        return
    recorded = {
        name: tuple(check.name for check in runs[name].checks) for name in with_a_seed(project) if name in runs
    }
    for message in unlisted(report, recorded):
        yield Problem(project.relative(path), message, again)
    for check in report.broken_claims:
        seeds = ", ".join(str(seed) for seed in report.seeds if seed not in check.held)
        message = f"check {check.name} is claimed for all parameters and does not hold at seed {seeds}"
        yield Problem(project.relative(path), message, 'mend the claim, or say scope="defaults"')


def _run_problems(project: Project, manifest: Manifest, report: RunReport) -> Iterator[Problem]:
    notebook, run = report.notebook, report.run
    again = f"run: ntp run {notebook} --fresh"
    if report.unreadable:
        yield Problem(notebook, report.unreadable, again)
        return
    if run is None:
        yield Problem(notebook, "has not been run", f"run: ntp run {notebook}")
        return
    if report.changes:
        yield Problem(notebook, f"its run is stale: {'; '.join(report.changes)}", f"run: ntp run {notebook}")
    try:
        for message in alterations(project.runs / notebook, run):
            # A figure's own files are named with the figure.
            if not message.startswith(tuple(f"{FIGURES}/{figure}." for figure in run.figures)):
                yield Problem(notebook, message, again)
        for message in stored_errors(project.runs / notebook / NOTEBOOK_FILE):
            yield Problem(notebook, message, again)
    except ReproductionError as error:
        yield Problem(notebook, str(error), again)
    for figure in run.figures:
        if figure not in manifest.figures:
            yield Problem(notebook, f"records {figure}, which the manifest does not list", "list it or drop it")
        elif manifest.figures[figure].notebook != notebook:
            yield Problem(notebook, f"records {figure}, which the manifest gives to another notebook", again)
    for check in run.checks:
        if check.problem:
            yield Problem(notebook, check.problem, again)
