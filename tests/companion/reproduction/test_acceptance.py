import pytest
from edited_runs import edit_run
from tiny_project import OTHER_TEXT_SHA256, descent_frame, put_run, words_frame

from ntp_lib.companion.reproduction.acceptance import accept, propose
from ntp_lib.companion.reproduction.errors import ReproductionError, RequestError
from ntp_lib.companion.reproduction.judgement import State
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.runs import figure_file
from ntp_lib.companion.reproduction.verification import verify


def test_first_reference(green: Project) -> None:
    green.reference("loss").unlink()
    assert propose(green, "loss").state is State.NO_REFERENCE
    accept(green, "loss")
    assert verify(green).ok
    assert sorted(path.name for path in green.references.iterdir()) == ["loss.csv", "words.csv"]


def test_difference_is_proposed_then_settled(green: Project) -> None:
    put_run(green, "descent", {"loss": descent_frame(seed=1)})
    verdict = propose(green, "loss").verdict
    assert verdict is not None
    assert verdict.differing_columns == ("value", "norm")
    assert not verify(green).ok
    accept(green, "loss")
    assert verify(green).ok


def assert_refused(project: Project, figure: str, message: str) -> None:
    before = project.reference(figure).read_bytes()
    with pytest.raises(ReproductionError, match=message):
        accept(project, figure)
    assert project.reference(figure).read_bytes() == before


def test_unknown_figure(green: Project) -> None:
    with pytest.raises(RequestError, match="no figure 'los'"):
        accept(green, "los")


def test_stale_run(green: Project) -> None:
    (green.root / "tinylib/descent.py").write_text("changed = True")
    assert_refused(green, "loss", r"its run is stale \(tinylib/descent\.py has changed\); run: ntp run descent")


def test_other_parameters(green: Project) -> None:
    edit_run(green.runs / "descent", overrides={"seed": 1})
    assert_refused(green, "loss", "other parameters than the defaults")


def test_tampered_data(green: Project) -> None:
    data = figure_file(green.runs / "descent", "loss", "csv")
    data.write_text(data.read_text().replace("0", "1"))
    assert_refused(green, "loss", "is not the file that its run made")


def test_other_source_text(green: Project) -> None:
    put_run(green, "text", {"words": words_frame()}, source_sha256=OTHER_TEXT_SHA256)
    assert_refused(green, "words", "computed from another old-text than the manifest's")


def test_column_without_tolerances(green: Project) -> None:
    put_run(green, "descent", {"loss": descent_frame().assign(extra=1)})
    assert_refused(green, "loss", "column 'extra' is in the data or in notebooks/figures.yml, but not in both")


def test_run_that_lacks_the_figure(green: Project) -> None:
    put_run(green, "descent", {})
    assert_refused(green, "loss", "was not recorded")
