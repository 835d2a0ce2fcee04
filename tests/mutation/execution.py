"""What a notebook of a copied book says about the library of that copy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from book_copy import ROOT

from ntp_lib.companion.reproduction.claims import judge_claims
from ntp_lib.companion.reproduction.inputs import current_inputs
from ntp_lib.companion.reproduction.judgement import State, judge_run
from ntp_lib.companion.reproduction.kernel import Job, execute
from ntp_lib.companion.reproduction.ledger import load_ledger
from ntp_lib.companion.reproduction.manifest import load_manifest
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run_report import report_runs
from ntp_lib.companion.reproduction.runs import load_run

CHECK = re.compile(r"AssertionError: check (\S+): ")
# A machine that is out of memory or of time says nothing about the mathematics.
NO_VERDICT = ("DeadKernelError", "CellTimeoutError")
CELL_TIMEOUT = 240


class NoVerdictError(RuntimeError):
    """The execution failed for a reason that is not in the notebook."""


@dataclass(frozen=True)
class Verdict:
    """What turned red in one notebook.

    Attributes:
        reason: the check, the figure or the exception that noticed; empty where nothing did.
        claims: ids of the claims that `ntp claims` does not support after this run, of those with a check in it.
        finished: the notebook ran to its end, so that all its checks hold.
    """

    reason: str
    claims: tuple[str, ...]
    finished: bool = True


def depends_on(notebook: str, path: str) -> bool:
    """Whether a notebook loads a module, by its run in the book."""
    run = load_run(Project(ROOT).runs / notebook)
    assert run is not None, "make mutants runs the book first"
    return path in run.seen


def judged(folder: Path, notebook: str) -> Verdict:
    """Execute a notebook with the library that lies beside it, and judge figures, checks and claims.

    Raises:
        NoVerdictError: the execution broke down, not the notebook.
    """
    project = Project(folder.resolve())
    destination = project.runs / notebook
    inputs = current_inputs(project, notebook)
    failure = execute(Job(project, notebook, inputs, destination, CELL_TIMEOUT)).failure
    if failure is not None:
        if not failure.cell or failure.error.startswith(NO_VERDICT):
            raise NoVerdictError(str(failure))
        named = CHECK.match(failure.error)
        cell, error = (text.partition(":")[0] for text in (failure.cell, failure.error))
        reason = named[1] if named else f"{notebook}, {cell} ({error})"
        return Verdict(reason, _unsupported(project, notebook), finished=False)
    run = load_run(destination)
    assert run is not None
    manifest = load_manifest(project)
    results = [judge_run(project, manifest, entry, run, destination) for entry in manifest.of_notebook(notebook)]
    # A figure without a reference says nothing.
    wrong = [f"{notebook}, figure {r.figure}" for r in results if not (r.ok or r.state is State.NO_REFERENCE)]
    return Verdict(wrong[0] if wrong else "", _unsupported(project, notebook))


def _unsupported(project: Project, notebook: str) -> tuple[str, ...]:
    """The claims that lost a check of this notebook; those of notebooks that were not run do not count."""
    report = judge_claims(load_ledger(Project(ROOT)), report_runs(project))
    return tuple(
        result.claim.id
        for result in report.claims
        if any(support.notebook == notebook and support.problem for support in result.supports)
    )
