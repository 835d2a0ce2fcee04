"""What the report records, when it is believed, and how it is shown."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from edited_runs import edit_run
from other_arithmetic import Kernels, told_by
from tiny_project import descent_frame

from ntp_lib.companion.cli.main import main
from ntp_lib.companion.pages.portability_part import portability_part
from ntp_lib.companion.portability.measuring import measure
from ntp_lib.companion.portability.records import PortabilityReport
from ntp_lib.companion.portability.settings import Setting
from ntp_lib.companion.portability.standing import standing
from ntp_lib.companion.portability.storage import load_report, report_file, save_report
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.manifest import load_manifest
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.recording import write_data
from ntp_lib.companion.reproduction.run_report import report_runs


def taken(project: Project, settings: Sequence[Setting], **options: object) -> PortabilityReport:
    report = measure(project, settings, project.notebook_names(), command="ntp portability", say=str, **options)
    save_report(report, report_file(project))
    return report


def problems(project: Project) -> tuple[str, ...]:
    return standing(project, load_manifest(project), report_runs(project)).problems


def page(project: Project) -> str:
    return portability_part(standing(project, load_manifest(project), report_runs(project)))


def test_whole_report_is_green_and_survives_the_disk(green: Project, measured: Sequence[Setting]) -> None:
    report = taken(green, measured)
    assert load_report(report_file(green)) == report
    found = standing(green, load_manifest(green), report_runs(green))
    assert (found.problems, found.outdated) == ((), ())
    assert report.settings[3].arithmetic_of("torch", "threads") == ["2"]
    assert str(green.root) not in report_file(green).read_text()
    shown = page(green)
    assert shown.count("[2 of 2]{.ntp-good}") == 4
    assert "numpy gives other bits for one fixed product of matrices; torch gives the same bits" in shown


def test_figure_that_differs_is_named_with_its_share(
    green: Project, measured: Sequence[Setting], kernels: Kernels
) -> None:
    reference = descent_frame()
    reference.loc[3, "value"] *= 1 + 5e-7
    write_data("loss", reference, green.references)
    report = taken(green, measured)
    assert report.settings[0].figures["loss"].used == pytest.approx(0.5, rel=1e-3)
    assert report.settings[0].figures["loss"].column == "value"
    assert problems(green) == ()
    reference.loc[3, "value"] *= 1 + 5e-6
    write_data("loss", reference, green.references)
    report = taken(green, measured)
    assert report.settings[0].figures["loss"].used > 1
    assert problems(green)[0] == "Haswell, 1 thread: descent: loss was not verified (differs)"
    assert "[1 of 2]{.ntp-bad}" in page(green)
    reference["norm"] = float("inf")
    write_data("loss", reference, green.references)
    taken(green, measured)
    assert load_report(report_file(green)).settings[0].figures["loss"].used == float("inf")


def test_finished_notebooks_are_kept_and_those_of_other_arithmetic_are_not(
    green: Project, measured: Sequence[Setting], kernels: Kernels
) -> None:
    taken(green, measured[:1])
    taken(green, measured)
    assert len(kernels.executed) == 8
    taken(green, measured[:1], fresh=True)
    assert len(kernels.executed) == 10
    edit_run(green.build / "portability/haswell-1/descent", arithmetic=told_by(Setting("Zen", 1)))
    taken(green, measured)
    assert kernels.executed[10:] == ["haswell-1/descent"]


def test_kernel_that_computes_otherwise_than_asked_ends_it(
    green: Project, measured: Sequence[Setting], kernels: Kernels
) -> None:
    kernels.told = lambda setting: told_by(Setting(setting.kernel, 1))
    with pytest.raises(ReproductionError, match=r"Haswell, 2 threads: openblas .* runs on 1"):
        taken(green, measured)
    assert not report_file(green).exists()


def test_failed_notebook_is_recorded_and_the_others_are_too(
    green: Project, measured: Sequence[Setting], kernels: Kernels
) -> None:
    kernels.failing = {("nehalem-1", "descent")}
    taken(green, measured)
    assert problems(green) == ("Nehalem, 1 thread: descent failed (code cell 2: x: ValueError: no [link](x))",)
    assert "`Nehalem, 1 thread: descent failed" in page(green)


def test_one_kernel_proves_nothing(green: Project, measured: Sequence[Setting]) -> None:
    taken(green, measured[:2])
    assert problems(green) == ("the report holds 1 kernel, which shows nothing; run: ntp portability",)


@pytest.mark.parametrize("changed", ["tinylib/descent.py", "requirements.lock", "notebooks/references/loss.csv"])
def test_report_older_than_what_it_depends_on_is_said_to_be(
    green: Project, measured: Sequence[Setting], changed: str
) -> None:
    taken(green, measured)
    path = green.root / changed
    path.write_text(path.read_text() + "\n")
    found = standing(green, load_manifest(green), report_runs(green))
    assert "descent" in found.outdated
    assert found.problems == ()
    assert "older than these notebooks, or than what they depend on: `descent`" in page(green)


def test_tolerance_is_part_of_the_verdict_and_a_caption_is_not(
    green: Project, measured: Sequence[Setting]
) -> None:
    taken(green, measured)
    text = green.manifest.read_text()
    green.manifest.write_text(text.replace("Loss by step.", "Loss."))
    assert standing(green, load_manifest(green), report_runs(green)).outdated == ()
    green.manifest.write_text(text.replace("value: {relative: 1.0e-6", "value: {relative: 1.0e-9"))
    assert standing(green, load_manifest(green), report_runs(green)).outdated == ("descent",)


def fields(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for name, item in items for found in fields(item, (*path, name)))]


def test_report_altered_anywhere_is_refused(green: Project, measured: Sequence[Setting]) -> None:
    taken(green, measured[:2])
    path = report_file(green)
    text = path.read_text()
    for place in fields(json.loads(text))[1:]:
        content = json.loads(text)
        parent = content
        for name in place[:-1]:
            parent = parent[name]
        parent[place[-1]] = "other"
        path.write_text(json.dumps(content))
        with pytest.raises(ReproductionError, match=r"portability\.json: not a readable report"):
            load_report(path)
    for rubbish in (b"", b"[]", b"\xff", b"[" * 10**5, text.encode()[:-20]):
        path.write_bytes(rubbish)
        assert "not a readable report" in problems(green)[0]
    assert "ntp-bad" in page(green)


def test_command_commits_whole_runs_only(green: Project, kernels: Kernels, tmp_path: Path) -> None:
    def call(*arguments: str):
        return CliRunner().invoke(main, ["--project", str(green.root), *arguments])

    names = ("--kernel", "Haswell", "--kernel", "Nehalem")
    part = call("portability", "--only", "descent", *names)
    assert part.exit_code == 0, part.output
    assert not report_file(green).exists()
    assert load_report(green.build / "portability/portability.json").command.endswith("--only descent")
    assert "other BLAS kernels and threads: not tried yet" in call("verify").output
    whole = call("portability", *names)
    assert whole.exit_code == 0, whole.output
    assert "Nehalem, 2 threads  2 of 2" in whole.output
    verified = call("verify")
    assert verified.exit_code == 0
    assert "every figure was verified under Haswell, 1 thread; Haswell, 2 threads" in verified.output
    kernels.failing = {("nehalem-2", "text")}
    failed = call("portability", *names, "--fresh")
    assert failed.exit_code == 1
    assert "✗ Nehalem, 2 threads: text: code cell 2: x" in failed.output
    assert call("verify").exit_code == 1
    assert "no notebook 'nosuch'" in call("portability", *names, "--only", "nosuch").output
