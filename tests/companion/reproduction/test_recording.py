from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from tiny_project import descent_frame

from ntp_lib.companion import record_figure
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.inputs import digest
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.recording import write_data
from ntp_lib.companion.reproduction.runs import SUFFIXES
from ntp_lib.companion.reproduction.session import FOLDER_VARIABLE, Session
from ntp_lib.companion.reproduction.tables import read_table

LISTED = {
    "loss": {"notebook": "descent", "key": ["step", "token"]},
    "words": {"notebook": "text", "key": ["word"]},
}


def draw(frame: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(1, 1))
    figure.subplots().plot(range(len(frame)))
    return figure


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    session = Session(tmp_path)
    session.begin(root=tmp_path, notebook="descent", listed=LISTED)
    return session


def test_files_and_records(session: Session) -> None:
    record_figure("loss", descent_frame(), draw, source_sha256="abc")
    names = sorted(path.name for path in (session.folder / "figures").iterdir())
    assert names == sorted(f"loss.{suffix}" for suffix in SUFFIXES)
    written = digest(session.folder / "figures/loss.csv")
    assert session.records()["figures"] == {"loss": {"csv_sha256": written, "source_sha256": "abc"}}


def test_every_digit_and_every_token_survive(tmp_path: Path) -> None:
    numbers = [0.1, 1 / 3, 5e-324, np.pi * 1e300, np.inf, -np.inf, np.nan]
    tokens = ["NA", "", "nan", 'a"b', "a,b", "a\nb", "é"]
    write_data("x", pd.DataFrame({"number": numbers, "token": tokens}), tmp_path)
    table = read_table(tmp_path / "x.csv")
    np.testing.assert_array_equal([float(cell) for cell in table["number"]], numbers)
    assert list(table["token"]) == tokens


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.iloc[:0], "the frame is empty"),
        (lambda frame: frame.set_index("step"), r"the index \['step'\] would be lost"),
        (lambda frame: frame.set_axis(["a", "a", "b", "c"], axis=1), "column names must be distinct texts"),
        (lambda frame: frame.drop(columns="step"), "no key column 'step'"),
        (lambda frame: frame.assign(step=np.nan), "key column 'step' has missing values"),
        (lambda frame: frame.assign(step=1), "several rows have the key step=1, token=a"),
        (lambda frame: frame.assign(odd=[object()] * len(frame)), "column 'odd' holds"),
    ],
)
def test_unfaithful_frames_are_refused(session: Session, change, message: str) -> None:
    with pytest.raises(ReproductionError, match=message):
        record_figure("loss", change(descent_frame()), draw)
    assert session.records()["figures"] == {}


def test_figure_of_another_notebook_unlisted_or_twice(session: Session) -> None:
    with pytest.raises(ReproductionError, match=r"figures\.yml gives it to 'text'"):
        record_figure("words", descent_frame(), draw)
    with pytest.raises(ReproductionError, match=r"not in notebooks/figures\.yml; listed: loss, words"):
        record_figure("other", descent_frame(), draw)
    record_figure("loss", descent_frame(), draw)
    with pytest.raises(ReproductionError, match="recorded twice"):
        record_figure("loss", descent_frame(), draw)


def test_person_in_jupyter_sees_the_verdict(
    green: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.chdir(green.notebooks)
    record_figure("loss", descent_frame(), draw)
    assert "✓ loss agrees with its reference" in capsys.readouterr().out
    record_figure("loss", descent_frame(gradient_scale=1.01), draw)
    assert "columns that differ: value, norm" in capsys.readouterr().out
    assert (green.interactive / "loss.png").is_file()
