import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ntp_lib.companion import check
from ntp_lib.companion.reproduction.checks import Check
from ntp_lib.companion.reproduction.session import FOLDER_VARIABLE, Session


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
        (0.5, {"at_most": 1}, float("inf")),
        ([], {"equals": []}, ["word"]),
        ([[], []], {"equals": [[], []]}, [["word"], []]),
        (["a", 1], {"equals": ["a", 1]}, ["b", 1, 1]),
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
        (None, {"at_most": 1}, 2.0, "observed None is not ≤ 1"),
        (0.5, {"at_most": float("nan")}, 2.0, "observed 0.5 is not ≤ nan"),
        ([float("nan")], {"equals": [float("nan")]}, [2.0], "observed [nan] is not = [nan]"),
        (True, {"at_most": 1}, 2.0, "observed True (bool) is not ≤ 1"),
        (True, {"equals": 1}, 2.0, "observed True (bool) is not = 1"),
        ([True], {"equals": [1]}, [False], "observed [True] (list of bool) is not = [1]"),
        ([1.0, 2.0], {"at_least": 0}, -1, "observed [1, 2] (list of number) is not ≥ 0"),
        (1.5, {"at_least": 0, "at_most": 1}, 2.0, "observed 1.5 is not ∈ [0, 1]"),
        ("1", {"at_most": 1}, 2.0, "observed 1 (text) is not ≤ 1"),
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


NAN = float("nan")


@pytest.mark.parametrize(
    ("observed", "bounds", "control", "message"),
    [
        (0.5, {"at_most": 1}, None, "its control is None; a control is a value that fails the bound"),
        (0.5, {"at_most": 1}, NAN, "its control is nan; a control is a value that fails the bound"),
        (0.5, {"at_most": 1}, np.float32("nan"), "its control is nan"),
        (0.5, {"at_most": 1}, "2.0", "its control 2.0 (text) cannot be compared with 0.5 (number)"),
        (0.5, {"at_most": 1}, True, "its control True (bool) cannot be compared with 0.5 (number)"),
        (0.5, {"at_most": 1}, [2.0], "its control [2] (list of number) cannot be compared with 0.5 (number)"),
        (True, {"equals": True}, 0, "its control 0 (number) cannot be compared with True (bool)"),
        ("a", {"equals": "a"}, 0, "its control 0 (number) cannot be compared with a (text)"),
        ([1, 2], {"equals": [1, 2]}, [1, NAN], "its control is [1, nan]"),
        ([1, 2], {"equals": [1, 2]}, [1, None], "its control is [1, None]"),
        ([[1], [2]], {"equals": [[1], [2]]}, [[1], ["2"]], "its control [[1], [2]] (list of list of number and"),
        ([1, 2], {"equals": [1, 2]}, "x", "its control x (text) cannot be compared with [1, 2] (list of number)"),
        ([], {"equals": []}, 0, "its control 0 (number) cannot be compared with [] (list)"),
    ],
)
def test_a_control_is_a_value_of_the_same_kind(session: Session, observed, bounds, control, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        check("a/b", observed, **bounds, control=control, reason="because")
    assert str(caught.value).startswith(f"check a/b: {message}")
    (record,) = session.records()["checks"]
    assert not record["control_fails"]
    assert Check(**record).problem == str(caught.value)


@pytest.mark.parametrize(
    ("observed", "control", "printed"),
    [
        (1.5, 2.0, "✗ a/b: observed 1.5 is not ≤ 1 (because)"),
        (NAN, 2.0, "✗ a/b: observed nan is not ≤ 1 (because)"),
        (0.5, 0.6, "✗ a/b: cannot fail, for its control 0.6 is ≤ 1 too"),
        (0.5, NAN, "✗ a/b: its control is nan; a control is a value that fails the bound, not NaN or None"),
        (0.5, 2.0, "✓ a/b: 0.5 ≤ 1 (control 2 fails)"),
    ],
)
def test_under_other_parameters_it_is_printed_and_recorded_and_stops_nothing(
    session: Session, capsys: pytest.CaptureFixture[str], observed, control, printed: str
) -> None:
    session.begin(root=session.folder, notebook="a", listed={}, other_parameters=True)
    check("a/b", observed, at_most=1, control=control, reason="because", scope="defaults")
    assert capsys.readouterr().out == f"{printed}\n"
    (record,) = session.records()["checks"]
    assert record["scope"] == "defaults"
    assert bool(Check(**record).problem) == printed.startswith("✗")


def test_a_person_in_jupyter_is_told_and_goes_on(tmp_path: Path) -> None:
    code = (
        "from IPython.core.interactiveshell import InteractiveShell; InteractiveShell.instance()\n"
        "from ntp_lib.companion import check\n"
        "check('a/b', 1.5, at_most=1, control=2.0, reason='because'); print('went on')"
    )
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path)}
    environment.pop(FOLDER_VARIABLE, None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "✗ a/b: observed 1.5 is not ≤ 1 (because)\nwent on\n"


def test_a_script_without_a_person_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    with pytest.raises(AssertionError, match=r"observed 1\.5 is not ≤ 1"):
        check("a/b", 1.5, at_most=1, control=2.0, reason="because")


def test_scope_is_one_of_two() -> None:
    with pytest.raises(ValueError, match="check a/b: scope is 'some'; valid: all, defaults"):
        check("a/b", 1, equals=1, control=0, reason="because", scope="some")  # type: ignore[arg-type]


def test_a_bound_is_a_number() -> None:
    with pytest.raises(ValueError, match=r"check a/b: the bound x \(text\) is not a number"):
        check("a/b", 1, at_most="x", control=0, reason="because")  # type: ignore[arg-type]


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
