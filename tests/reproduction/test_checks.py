import json
from pathlib import Path

import numpy as np
import pytest

from ntp_lib.reproduction import check
from ntp_lib.reproduction.session import FOLDER_VARIABLE, Session


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return Session(tmp_path)


@pytest.mark.parametrize(
    ("observed", "bounds", "control"),
    [
        (np.float64(0.5), {"at_most": 1}, 2.0),
        (3, {"at_least": 2.5}, np.int64(1)),
        (0.5, {"at_least": 0, "at_most": 1}, -0.1),
        (np.bool_(True), {"equals": True}, False),
        ((1, 2), {"equals": np.array([1, 2])}, [1, 3]),
        ("text", {"equals": "text"}, ""),
        (0.5, {"at_most": 1}, float("nan")),
    ],
)
def test_holds_and_its_control_fails(session: Session, observed, bounds, control) -> None:
    check("a/b", observed, **bounds, control=control, reason="because")
    (record,) = session.records()["checks"]
    assert record["holds"]
    assert record["control_fails"]
    assert record["reason"] == "because"


@pytest.mark.parametrize(
    ("observed", "bounds", "control", "message"),
    [
        (1.5, {"at_most": 1}, 2.0, "check a/b: observed 1.5 is not ≤ 1 (because)"),
        (float("nan"), {"at_most": 1}, 2.0, "observed nan is not ≤ 1"),
        (float("nan"), {"equals": float("nan")}, 2.0, "observed nan is not = nan"),
        (1.5, {"at_least": 0, "at_most": 1}, 2.0, "observed 1.5 is not ∈ [0, 1]"),
        ("1", {"at_most": 1}, 2.0, "observed 1 is not ≤ 1"),
        (0.5, {"at_most": 1}, 0.6, "cannot fail, for its control 0.6 is ≤ 1 too"),
        (True, {"equals": True}, True, "cannot fail"),
    ],
)
def test_failure_is_raised_and_recorded(session: Session, observed, bounds, control, message: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check("a/b", observed, **bounds, control=control, reason="because")
    assert message in str(caught.value)
    (record,) = session.records()["checks"]
    assert not (record["holds"] and record["control_fails"])


@pytest.mark.parametrize("bounds", [{}, {"equals": 1, "at_most": 2}])
def test_one_kind_of_bound(bounds) -> None:
    with pytest.raises(ValueError, match="give at_most, at_least or both, or equals alone"):
        check("a/b", 1, **bounds, control=0, reason="because")


def test_reason_is_required() -> None:
    with pytest.raises(ValueError, match="give the reason"):
        check("a/b", 1, equals=1, control=0, reason=" ")


def test_name_is_used_once(session: Session) -> None:
    check("a/b", 1, equals=1, control=0, reason="because")
    with pytest.raises(ValueError, match="used before"):
        check("a/b", 1, equals=1, control=0, reason="because")


def test_other_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="not dict"):
        check("a/b", {}, equals=1, control=0, reason="because")


def test_person_in_jupyter_reads_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    check("a/b", 0.123456, at_most=1, control=2.0, reason="because")
    assert capsys.readouterr().out == "✓ a/b: 0.1235 ≤ 1 (control 2 fails)\n"


def test_records_survive_as_json(session: Session) -> None:
    check("a/b", np.float64(0.1), at_most=1, control=np.inf, reason="because")
    record = json.loads((session.folder / "records.json").read_text())["checks"][0]
    assert record["observed"] == 0.1
    assert record["control_observed"] == float("inf")
