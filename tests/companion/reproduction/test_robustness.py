"""The report over seeds beside the project: outdated, unlisted, and claims wider than what was found."""

from dataclasses import replace

import pytest
from tiny_project import DESCENT_CELLS, notebook

from ntp_lib.companion.pages.robustness_part import robustness_part
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.robustness import (
    REPORT,
    CheckOverSeeds,
    NotebookOverSeeds,
    RobustnessReport,
    SeedResult,
    code_digest,
    load_robustness,
    outdated,
    save_robustness,
)
from ntp_lib.companion.reproduction.verification import verify


def over_seeds(
    name: str = "descent/falls", *, scope: str = "all", fails_at: tuple[int, ...] = ()
) -> CheckOverSeeds:
    results = tuple(
        SeedResult(seed, 0.5 + seed, 1.0, 9.0, "observed too much" if seed in fails_at else "")
        for seed in (0, 1, 2)
    )
    return CheckOverSeeds(name, scope, "≤", "descent", results)


@pytest.fixture
def report(green: Project) -> RobustnessReport:
    digest = code_digest(green.notebook("descent"))
    return RobustnessReport(
        command="ntp robustness",
        started="2024-01-01T00:00:00+00:00",
        finished="2024-01-02T03:04:00+00:00",
        python="3.11",
        packages={"numpy": "2.0"},
        seeds=(0, 1, 2),
        notebooks=(NotebookOverSeeds("descent", digest, {}, (over_seeds(),)),),
        without_seed=("text",),
    )


def put(project: Project, report: RobustnessReport, *checks: CheckOverSeeds) -> RobustnessReport:
    if checks:
        report = replace(report, notebooks=(replace(report.notebooks[0], checks=checks),))
    save_robustness(report, project.measured / REPORT)
    return report


def messages(project: Project) -> list[str]:
    return [f"{problem.subject}: {problem.message}" for problem in verify(project).problems]


def test_report_comes_back_as_it_was_saved(green: Project, report: RobustnessReport) -> None:
    failed = replace(report.notebooks[0], failures={2: "code cell 3: ValueError: no"})
    report = put(green, replace(report, notebooks=(failed,)))
    assert load_robustness(green.measured / REPORT) == report
    assert [path.name for path in green.measured.iterdir()] == [REPORT]


def test_verify_is_content_with_a_report_of_the_present_checks(green: Project, report: RobustnessReport) -> None:
    put(green, report)
    assert messages(green) == []
    put(green, report, over_seeds(scope="defaults", fails_at=(1, 2)))
    assert messages(green) == []


def test_verify_names_checks_that_the_report_lacks_or_has_too_many(
    green: Project, report: RobustnessReport
) -> None:
    put(green, report, over_seeds("descent/old"))
    assert messages(green) == [
        "notebooks/measured/robustness.json: lacks check descent/falls",
        "notebooks/measured/robustness.json: lists check descent/old, which its notebook no longer makes",
    ]


def test_verify_is_red_where_a_claim_for_every_seed_fails_at_one(green: Project, report: RobustnessReport) -> None:
    put(green, report, over_seeds(fails_at=(1,)))
    (message,) = messages(green)
    assert message.endswith("check descent/falls is claimed for all parameters and does not hold at seed 1")


def test_verify_is_red_where_the_report_cannot_be_read(green: Project) -> None:
    green.measured.mkdir()
    (green.measured / REPORT).write_text("{")
    (message,) = messages(green)
    assert "not a readable report over seeds" in message


def test_a_sentence_outdates_nothing_and_a_line_of_code_does(green: Project, report: RobustnessReport) -> None:
    source = green.notebook("descent")
    source.write_text(source.read_text().replace('"cells": [', '"cells": [\n', 1))
    assert outdated(green, report) == []
    source.write_text(notebook(*DESCENT_CELLS, "print('more')", parameters=True))
    assert outdated(green, report) == ["descent"]
    put(green, report)
    assert "This report is outdated" in robustness_part(green)
    assert "the code of `descent` has changed" in robustness_part(green)


def test_page_counts_and_lists_what_does_not_hold_everywhere(green: Project, report: RobustnessReport) -> None:
    assert "No report over seeds has been made" in robustness_part(green)
    put(green, report, over_seeds(), over_seeds("descent/lucky", scope="defaults", fails_at=(1, 2)))
    part = robustness_part(green)
    assert "[1 of 2]{.ntp-bad} checks hold at every one of them" in part
    assert "executed at the seeds 0, 1, 2" in part
    assert "Finished on 2 January 2024, 03:04 UTC, with Python 3.11, numpy 2.0." in part
    row = (
        "| `descent/lucky` | the notebook's own seed | 1 of 3 seeds | "
        "seed 1: 1.5, required ≤ 1; seed 2: 2.5, required ≤ 1 | descent |"
    )
    assert row in part.splitlines()
    assert "`descent/falls`" not in part
    assert "outdated" not in part
    assert part.endswith("```shell\nntp robustness\n```")


def test_page_says_where_the_control_holds_too(green: Project, report: RobustnessReport) -> None:
    result = SeedResult(1, 0.75, 1.0, 0.25, "cannot fail, for its control 0.25 is ≤ 1 too")
    put(green, report, replace(over_seeds(), results=(over_seeds().results[0], result)))
    assert "seed 1: 0.75 is ≤ 1, but so is the control, 0.25" in robustness_part(green)


def test_page_says_where_a_notebook_did_not_finish(green: Project, report: RobustnessReport) -> None:
    short = replace(over_seeds(), results=over_seeds().results[:2])
    failed = NotebookOverSeeds("descent", report.notebooks[0].code_sha256, {2: "ValueError: no overlap"}, (short,))
    put(green, replace(report, notebooks=(failed,)))
    part = robustness_part(green)
    assert "- [Not finished]{.ntp-bad}: `descent` at seed 2, `ValueError: no overlap`" in part
    assert "2 of 3 seeds | not reached at 2" in part
