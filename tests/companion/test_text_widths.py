"""Widths that were measured once: the committed ones, a whole circle, and what is refused."""

import dataclasses
import json
from pathlib import Path

import pytest

from ntp_lib.attention.prefixes import letter_pairs, window_prefixes
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.text_widths import TextWidths, WidthRecord, load_text_widths, save_text_widths
from ntp_lib.data.language_reference import load_language_reference

COMMITTED = Path(__file__).parents[2] / "notebooks" / "measured" / "capacity-text.json"
ONE = WidthRecord("letter pairs", 215, 27, "transformer", 0, 62, 64, 1.5)
SMALL = TextWidths("2026-01-01T00:00:00+00:00", "ab", {"Python": "3"}, 60.0, (ONE,), {"59 windows": None})


def test_the_committed_widths_are_of_the_text_that_comes_with_the_book():
    measured, source = load_text_widths(COMMITTED), load_language_reference()
    assert measured.source_sha256 == source.sha256
    for row in measured.widths:
        windows = row.data.split()[0]
        data = (
            letter_pairs(source.text, 1500) if windows == "letter" else window_prefixes(source.text, int(windows))
        )
        assert (row.contexts, row.letters) == (len(data.contexts), len(data.letters))
    assert {(row.data, row.kind) for row in measured.widths} == {
        ("40 windows", "transformer"),
        ("59 windows", "gaussian"),
        ("59 windows", "transformer"),
        ("letter pairs", "transformer"),
    }


def test_what_is_written_is_read(tmp_path):
    save_text_widths(SMALL, tmp_path / "widths.json")
    assert load_text_widths(tmp_path / "widths.json") == SMALL


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "relu"}, r"widths\[0\]: kind is 'relu'; valid: gaussian, transformer"),
        ({"refuted": 64}, r"widths\[0\]: refuted is 64 and certified 64; valid: 0 ≤ refuted < certified"),
        ({"contexts": 0}, r"widths\[0\]: a count or a time"),
        ({"draw": "first"}, "draw"),
    ],
)
def test_impossible_rows_are_refused_by_name(tmp_path, change, message):
    save_text_widths(dataclasses.replace(SMALL, widths=(dataclasses.replace(ONE, **change),)), tmp_path / "a.json")
    with pytest.raises(ReproductionError, match=message) as refusal:
        load_text_widths(tmp_path / "a.json")
    assert str(refusal.value).endswith("ntp run capacity -p measure=../_build/capacity-text.json")


def test_missing_foreign_and_repeated_reports_are_refused(tmp_path):
    with pytest.raises(ReproductionError, match="no such file"):
        load_text_widths(tmp_path / "a.json")
    (tmp_path / "a.json").write_text(json.dumps({"schema": "another"}))
    with pytest.raises(ReproductionError, match="schema is 'another'"):
        load_text_widths(tmp_path / "a.json")
    for widths, message in (((), "widths is empty"), ((ONE, ONE), "stands there twice")):
        save_text_widths(dataclasses.replace(SMALL, widths=widths), tmp_path / "a.json")
        with pytest.raises(ReproductionError, match=message):
            load_text_widths(tmp_path / "a.json")
