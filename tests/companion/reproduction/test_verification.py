import json
from pathlib import Path

import pandas as pd
import pytest
from edited_runs import edit_run
from tiny_project import (
    OTHER_TEXT_SHA256,
    descent_frame,
    good_check,
    notebook,
    put_run,
    words_frame,
)

from ntp_lib.companion.reproduction.judgement import State
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.recording import write_data
from ntp_lib.companion.reproduction.runs import figure_file
from ntp_lib.companion.reproduction.verification import Report, verify
from ntp_lib.companion.reproduction.wording import describe_figure


def in_words(report: Report) -> str:
    return "\n".join([*map(describe_figure, report.figures), *map(str, report.problems)])


def assert_red(project: Project, *expected: str) -> None:
    report = verify(project)
    assert not report.ok
    for text in expected:
        assert text in in_words(report)


def test_everything_in_place_is_green(green: Project) -> None:
    report = verify(green)
    assert report.ok, in_words(report)
    assert [figure.state for figure in report.figures] == [State.AGREES, State.AGREES]
    assert report.checks == 1


def test_row_order_does_not_matter(green: Project) -> None:
    put_run(green, "descent", {"loss": descent_frame().iloc[::-1]})
    assert verify(green).ok


def test_gradient_scaled_by_one_percent(green: Project) -> None:
    put_run(green, "descent", {"loss": descent_frame(gradient_scale=1.01)})
    assert_red(green, "loss differs from its reference", "columns that differ: value, norm", "9 of 12", "step=3")


def test_two_tokens_permuted(green: Project) -> None:
    frame = descent_frame()
    frame["token"] = frame["token"].replace({"a": "b", "b": "a"})
    put_run(green, "descent", {"loss": frame})
    assert_red(green, "columns that differ: value\n", "8 of 12", "within tolerance: norm")


def test_changed_seed(green: Project) -> None:
    put_run(green, "descent", {"loss": descent_frame(seed=1)})
    assert_red(green, "columns that differ: value, norm", "12 of 12")


def test_difference_within_tolerance_is_green_and_beyond_is_red(green: Project) -> None:
    frame = descent_frame()
    put_run(green, "descent", {"loss": frame.assign(norm=frame["norm"] * (1 + 0.9e-6))})
    assert verify(green).ok
    put_run(green, "descent", {"loss": frame.assign(norm=frame["norm"] * (1 + 1.1e-6))})
    assert_red(green, "columns that differ: norm")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda frame: frame.drop(columns="norm"), "missing columns (1): norm"),
        (lambda frame: frame.iloc[:-1], "missing rows (1): step=3, token=NA"),
        (lambda frame: frame.assign(extra=1.0), "'extra' of your data is neither a key nor given tolerances"),
        (lambda frame: pd.concat([frame, frame.iloc[:1]]), "several rows of your data have the key step=0"),
        (lambda frame: frame.assign(norm=float("nan")), "columns that differ: norm"),
        (lambda frame: frame.replace({"token": {"NA": "N/A"}}), "rows that the reference lacks (4)"),
    ],
    ids=["column dropped", "row dropped", "column added", "row twice", "NaN", "key renamed"],
)
def test_changed_table(green: Project, change, expected: str) -> None:
    put_run(green, "descent", {"loss": change(descent_frame())})
    assert_red(green, "loss differs from its reference", expected)


def test_figure_dropped_from_the_run(green: Project) -> None:
    put_run(green, "descent", {})
    assert_red(green, "loss was not recorded", "the run of descent lacks it", "ntp run descent")


def test_figure_dropped_from_the_manifest(green: Project) -> None:
    text = green.manifest.read_text()
    green.manifest.write_text(text[: text.index("  words:")])
    assert_red(
        green,
        "text: records words, which the manifest does not list",
        "notebooks/references/words.csv: reference of a figure that the manifest does not list",
    )


def test_missing_reference(green: Project) -> None:
    green.reference("loss").unlink()
    assert_red(green, "loss has no reference", "ntp accept loss")


def test_tampered_data(green: Project) -> None:
    data = figure_file(green.runs / "descent", "loss", "csv")
    data.write_text(data.read_text() + "\n")
    assert_red(green, "loss is not as its run made it", "figures/loss.csv is not the file that its run made")


def test_stale_data_of_an_earlier_run(green: Project) -> None:
    record = (green.runs / "descent/run.json").read_text()
    put_run(green, "descent", {"loss": descent_frame(seed=1)})
    (green.runs / "descent/run.json").write_text(record)
    assert_red(green, "loss is not as its run made it")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("notebooks/descent.ipynb", notebook("from tinylib.descent import draw", "1")),
        ("tinylib/descent.py", "changed = True"),
        ("tinylib/__init__.py", "changed = True"),
        ("requirements.lock", "numpy==3\n"),
    ],
)
def test_figure_older_than_its_inputs(green: Project, path: str, content: str) -> None:
    (green.root / path).write_text(content)
    assert_red(green, f"descent: its run is stale: {path} has changed", "run: ntp run descent")


def test_changes_elsewhere_leave_runs_current(green: Project) -> None:
    (green.root / "tinylib/unrelated.py").write_text("changed = True")
    assert verify(green).ok


def test_key_that_does_not_belong_to_the_inputs(green: Project) -> None:
    edit_run(green.runs / "descent", key="0" * 64)
    assert_red(green, "descent: its run is stale: its key does not belong to its inputs")


def test_notebook_not_run(green: Project) -> None:
    (green.notebooks / "new.ipynb").write_text(notebook("1"))
    assert_red(green, "new: has not been run", "run: ntp run new")


def test_unreadable_run(green: Project) -> None:
    (green.runs / "text/run.json").write_text("{")
    assert_red(green, "not a readable record of a run", "words was not recorded")


def test_run_that_may_not_be_read(green: Project) -> None:
    """A folder in the record's place is refused by the system as another user's file is."""
    (green.runs / "text/run.json").unlink()
    (green.runs / "text/run.json").mkdir()
    assert_red(green, "text/run.json: cannot be read (Is a directory)", "words was not recorded")


def with_output(source: Path, output: dict[str, object]) -> str:
    document = json.loads(source.read_text())
    document["cells"][0]["outputs"] = [output]
    return json.dumps(document)


def test_error_output_stored_in_an_executed_notebook(green: Project) -> None:
    executed = green.runs / "descent/notebook.ipynb"
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
    executed.write_text(with_output(executed, error))
    assert_red(green, "descent: code cell 1 stores an error output: ValueError: no")


def test_outputs_and_counts_in_a_source(green: Project) -> None:
    source = green.notebook("text")
    stream = {"output_type": "stream", "name": "stdout", "text": "x"}
    source.write_text(with_output(source, stream))
    assert_red(green, "notebooks/text.ipynb: code cell 1 stores 1 output(s)", "nbstripout")
    source.write_text(notebook("1").replace('"execution_count": null', '"execution_count": 7'))
    assert_red(green, "code cell 1 stores an execution count (7)")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"holds": False}, "observed 0.1 is not ≤ 1"),
        ({"observed": 3.0}, "observed 3 is not ≤ 1"),
        ({"observed": float("nan")}, "observed nan is not ≤ 1"),
        ({"control_fails": False}, "cannot fail"),
        ({"control_observed": 0.5}, "cannot fail, for its control 0.5 is ≤ 1 too"),
    ],
)
def test_check_that_proves_nothing(green: Project, changes: dict[str, object], expected: str) -> None:
    put_run(green, "descent", {"loss": descent_frame()}, checks=(good_check(**changes),))
    assert_red(green, "descent: check descent/falls", expected)


def test_other_source_text_compares_structure_only(green: Project) -> None:
    other = words_frame().assign(word=["a", "b", "c"], count=[9, 9, 9])
    put_run(green, "text", {"words": other}, source_sha256=OTHER_TEXT_SHA256)
    report = verify(green)
    assert report.ok
    assert report.figures[1].state is State.OTHER_SOURCE
    assert "other source text: structure and checks compared, digits not" in in_words(report)
    assert "digits were not compared" in in_words(report)


def test_other_source_text_still_needs_its_structure_and_its_checks(green: Project) -> None:
    renamed = words_frame().rename(columns={"count": "number"})
    put_run(green, "text", {"words": renamed}, source_sha256=OTHER_TEXT_SHA256)
    assert_red(green, "missing columns (1): count")
    failing = good_check(observed=3.0)
    put_run(green, "text", {"words": words_frame()}, source_sha256=OTHER_TEXT_SHA256, checks=(failing,))
    assert_red(green, "text: check descent/falls: observed 3 is not ≤ 1")


def test_source_text_must_be_recorded(green: Project) -> None:
    put_run(green, "text", {"words": words_frame()}, source_sha256=None)
    assert_red(green, "the notebook did not record source_sha256")


def test_same_source_text_compares_digits(green: Project) -> None:
    assert verify(green).ok
    write_data("words", words_frame().assign(count=[3, 2, 2]), green.references)
    assert_red(green, "words differs from its reference", "word=null")
