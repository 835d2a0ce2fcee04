from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ntp_lib.companion.reproduction.comparison import Comparison, compare
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.manifest import FigureEntry, Tolerance
from ntp_lib.companion.reproduction.recording import write_data
from ntp_lib.companion.reproduction.tables import read_table

ENTRY = FigureEntry(
    "f", "n", None, "t", "c", "a", None, ("k",), {"x": Tolerance(relative=0.1, absolute=0.01, reason="r")}
)


def verdict(tmp_path: Path, yours: list[object], reference: list[object]) -> Comparison:
    tables = []
    for name, values in (("yours", yours), ("reference", reference)):
        write_data(name, pd.DataFrame({"k": range(len(values)), "x": values}), tmp_path)
        tables.append(read_table(tmp_path / f"{name}.csv"))
    return compare(*tables, ENTRY)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("yours", "reference", "ok"),
    [
        (1.109, 1.0, True),
        (1.111, 1.0, False),
        (0.009, 0.0, True),
        (0.011, 0.0, False),
        (NAN, NAN, True),
        (NAN, 1.0, False),
        (1.0, NAN, False),
        (INF, INF, True),
        (-INF, INF, False),
        (1e308, INF, False),
        (INF, 1.0, False),
        ("word", "word", True),
        ("word", "ward", False),
        (True, True, True),
        (True, False, False),
        ("nan", 1.0, False),
        ("1_0", 10.0, False),
        ("١٠", 10.0, False),
        (" 10", 10.0, False),
    ],
)
def test_one_value(tmp_path: Path, yours: object, reference: object, ok: bool) -> None:
    result = verdict(tmp_path, [yours, 5.0], [reference, 5.0])
    assert result.ok is ok
    assert result.columns[0].differing == (not ok)


def test_worst_row_is_the_one_furthest_beyond_its_tolerance(tmp_path: Path) -> None:
    worst = verdict(tmp_path, [100.0, 0.1, 1.0], [80.0, 0.0, 1.0]).columns[0].worst
    assert worst is not None
    assert (worst.row, worst.yours, worst.reference) == ("k=1", "0.10000000000000001", "0")
    assert worst.difference == pytest.approx(0.1)
    assert worst.allowed == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("yours", "same"),
    [(0.1 + 0.2, True), (0.3 * (1 + 1e-12), True), (0.3 * (1 + 1e-8), False), (0.0, False), ("0.3x", False)],
)
def test_fractions_in_a_key_are_matched_by_nine_digits(yours: object, same: bool) -> None:
    """A time that was computed has other last digits on another machine; integers and words are as they are."""
    mine, theirs = (pd.DataFrame({"k": [str(k), "1234567890123"], "x": ["1.0", "2.0"]}) for k in (yours, 0.3))
    found = compare(mine, theirs, ENTRY)
    assert found.ok is same
    assert ("k=0.3" in found.missing_rows) is not same
    other = theirs.assign(k=["0.3", "1234567890124"])
    assert not compare(other, theirs, ENTRY).ok


def test_missing_and_extra_rows(tmp_path: Path) -> None:
    assert verdict(tmp_path, [1.0], [1.0, 2.0]).missing_rows == ("k=1",)
    assert verdict(tmp_path, [1.0, 2.0], [1.0]).extra_rows == ("k=1",)


@pytest.mark.parametrize(("absolute", "ok"), [(0.5, True), (2.0, False), (1e300, False)])
def test_a_tolerance_as_large_as_the_values_is_red(tmp_path: Path, absolute: float, ok: bool) -> None:
    """It would accept zero everywhere; above values that are rounding it may lie."""
    tolerance = Tolerance(relative=0.0, absolute=absolute, reason="r")
    entry = replace(ENTRY, columns={"x": tolerance})
    for scale, expected in ((1.0, ok), (1e-9, True)):
        write_data("x", pd.DataFrame({"k": [0, 1], "x": [scale, -2.0 * scale]}), tmp_path)
        table = read_table(tmp_path / "x.csv")
        assert compare(table, table, entry).ok is expected


@pytest.mark.parametrize("text", ["k,x\n1,2,3\n2,3,4\n", "k,x\n1\n2,3\n", "k,x\n1,2\n2,3,4\n", "", 'k,x\n1,"2\n'])
def test_a_table_with_ragged_rows_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(ReproductionError, match=r"x\.csv: not a readable table"):
        read_table(tmp_path / "x.csv")
