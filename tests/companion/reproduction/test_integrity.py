"""What readers see of a run is what the run made; anything else is red and named."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from edited_runs import edit_run

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.judgement import State
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.runs import SUFFIXES, figure_file, load_run
from ntp_lib.companion.reproduction.verification import verify
from ntp_lib.companion.reproduction.wording import describe_figure
from ntp_lib.figures import rendering

CHANGES: dict[str, Callable[[Path], object]] = {
    "is missing": Path.unlink,
    "is not the file that its run made": lambda path: path.write_text("garbage"),
}


def test_the_suffixes_are_all_that_is_drawn() -> None:
    assert set(SUFFIXES) == {"csv", "png", *rendering.SUFFIXES}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("phrase", CHANGES)
def test_a_file_of_a_figure_that_is_missing_or_altered(green: Project, suffix: str, phrase: str) -> None:
    CHANGES[phrase](figure_file(green.runs / "descent", "loss", suffix))
    report = verify(green)
    (loss,) = (figure for figure in report.figures if figure.figure == "loss")
    assert not report.ok
    assert loss.state is State.ALTERED
    assert f"✗ loss is not as its run made it: figures/loss.{suffix} {phrase}" in describe_figure(loss)


def test_swapped_drawings(green: Project) -> None:
    light, dark = (figure_file(green.runs / "descent", "loss", suffix) for suffix in ("svg", "dark.svg"))
    kept = light.read_text()
    light.write_text(dark.read_text())
    dark.write_text(kept)
    (loss,) = (figure for figure in verify(green).figures if figure.figure == "loss")
    assert "figures/loss.svg is not" in loss.detail
    assert "figures/loss.dark.svg is not" in loss.detail


@pytest.mark.parametrize("phrase", CHANGES)
def test_the_executed_notebook(green: Project, phrase: str) -> None:
    CHANGES[phrase](green.runs / "text/notebook.ipynb")
    report = verify(green)
    assert not report.ok
    assert f"notebook.ipynb {phrase}" in [
        problem.message for problem in report.problems if problem.subject == "text"
    ]


def test_data_recorded_otherwise_by_the_notebook(green: Project) -> None:
    run = load_run(green.runs / "descent")
    assert run is not None
    (green.runs / "descent/figures/loss.csv").write_text("step,token,value,norm\n0,a,1,1\n")
    files = dict(run.files)
    files["figures/loss.csv"] = "0" * 64
    edit_run(green.runs / "descent", files=files)
    assert not verify(green).ok


@pytest.mark.parametrize("name", ["figures/loss.svg", "notebook.ipynb"])
def test_a_file_that_the_record_leaves_out(green: Project, name: str) -> None:
    run = load_run(green.runs / "descent")
    assert run is not None
    edit_run(green.runs / "descent", files={path: seal for path, seal in run.files.items() if path != name})
    report = verify(green)
    told = [*(figure.detail for figure in report.figures), *(problem.message for problem in report.problems)]
    assert any(f"{name} is not in the record of its run" in text for text in told)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seconds", 2.0),
        ("packages", {"numpy": "1"}),
        ("checks", []),
        ("figures", {}),
        ("files", {}),
        ("until", "loss"),
    ],
)
def test_a_record_that_was_changed_is_refused(green: Project, field: str, value: object) -> None:
    path = green.runs / "descent/run.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, field: value}))
    with pytest.raises(ReproductionError, match="it was altered"):
        load_run(path.parent)
    assert not verify(green).ok


def test_a_run_that_ended_with_a_figure_is_no_complete_run(green: Project) -> None:
    edit_run(green.runs / "descent", until="loss")
    assert load_run(green.runs / "descent") is None
    assert load_run(green.runs / "descent", until="loss") is not None
    assert "descent: has not been run" in "\n".join(map(str, verify(green).problems))
