"""Deleting any one check from its notebook turns `ntp claims` red; judged on copies of the recorded runs."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from book_copy import ROOT

from ntp_lib.companion.reproduction import run_report
from ntp_lib.companion.reproduction.claims import LedgerReport, judge_claims
from ntp_lib.companion.reproduction.inputs import Inputs
from ntp_lib.companion.reproduction.ledger import load_ledger
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run_report import report_runs
from ntp_lib.companion.reproduction.runs import RUN_FILE, load_run, write_record

pytestmark = pytest.mark.mutation

CLAIMS = yaml.safe_load((ROOT / "notebooks/claims.yml").read_text(encoding="utf-8"))["claims"]
CHECKS = sorted({name for claim in CLAIMS.values() for name in claim["checks"]})


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The sources and the records of the last runs; what the runs depend on is read once, for it stays."""
    folder = tmp_path_factory.mktemp("recorded")
    for name in ("ntp_lib", "book", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.lock", "_toc.yml"):
        shutil.copy(ROOT / name, folder)
    project = Project(folder)
    for notebook in project.notebook_names():
        (project.runs / notebook).mkdir(parents=True)
        shutil.copy(Project(ROOT).runs / notebook / RUN_FILE, project.runs / notebook)
    with pytest.MonkeyPatch.context() as patch:
        reader = functools.partial(_remembered, {}, run_report.current_inputs)
        patch.setattr(run_report, "current_inputs", reader)
        yield project


def _remembered(
    known: dict[str, Inputs], read: Callable[..., Inputs], project: Project, notebook: str, **earlier: Inputs
) -> Inputs:
    if notebook not in known:
        known[notebook] = read(project, notebook, **earlier)
    return known[notebook]


def judged(project: Project) -> LedgerReport:
    return judge_claims(load_ledger(project), report_runs(project))


def test_records_as_they_are_support_every_claim(recorded: Project) -> None:
    report = judged(recorded)
    assert report.ok, "\n".join([*report.problems, *(str(result) for result in report.claims if not result.ok)])


@pytest.mark.parametrize("name", CHECKS)
def test_deleted_check_turns_its_claims_red(recorded: Project, name: str, tmp_path: Path) -> None:
    path = recorded.runs / name.partition("/")[0] / RUN_FILE
    kept = shutil.copy(path, tmp_path)
    run = load_run(path.parent)
    assert run is not None
    left = tuple(check for check in run.checks if check.name != name)
    assert len(left) == len(run.checks) - 1, f"the run did not record {name}: run the notebook"
    write_record(replace(run, checks=left), path.parent)
    try:
        report = judged(recorded)
    finally:
        shutil.copy(kept, path)
    assert not report.ok
    naming = {claim for claim, fields in CLAIMS.items() if name in fields["checks"]}
    missed = f"check {name}: not recorded by the run of "
    red = {result.claim.id for result in report.claims if any(r.startswith(missed) for r in result.reasons)}
    assert red == naming
