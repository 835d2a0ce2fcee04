"""Tables, boxes, dates and numbers as Markdown."""

import pytest

from ntp_lib.companion.pages import markdown as md


def test_table_keeps_cells_apart() -> None:
    """A bar or a line break in a cell does not break the table."""
    lines = md.table(["a", "b"], [["x | y", "two\nlines"]]).splitlines()
    assert lines == ["| a | b |", "| --- | --- |", r"| x \| y | two lines |"]


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-01-02T03:04:05+00:00", "2 January 2026, 03:04 UTC"),
        ("2026-01-02T03:04:05Z", "2 January 2026, 03:04 UTC"),
        ("2026-01-02T03:04:05", "2 January 2026, 03:04 UTC"),
        ("2026-01-01T23:04:05-05:00", "2 January 2026, 04:04 UTC"),
    ],
)
def test_times_are_utc(moment: str, words: str) -> None:
    """Whatever zone a time is given in, the reader sees UTC."""
    assert md.utc(moment) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (59.94, "59.9 s"), (59.97, "1 min 0 s"), (75, "1 min 15 s")]
)
def test_durations(seconds: float, words: str) -> None:
    """Seconds below a minute, minutes and seconds above."""
    assert md.duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(1 / 3, "0.3333"), (1e-30, "1e-30"), (True, "True"), (7, "7"), ([0.5, 1], "[0.5, 1]"), (float("nan"), "nan")],
)
def test_numbers(value: object, words: str) -> None:
    """Floats to four digits; lists item by item."""
    assert md.number(value) == words


def test_code_survives_backticks() -> None:
    """Inline code may itself hold a backtick."""
    assert md.code("x") == "`x`"
    assert md.code("a`b") == "`` a`b ``"
    assert md.code("a``b`c") == "``` a``b`c ```"


def test_plain_words_hold_no_markup() -> None:
    """Every character that could begin markup is escaped, and lines are joined."""
    assert md.plain("a*b_c`d\n[e](f) <g> $h$ &amp; {i} ~ |") == (
        r"a\*b\_c\`d \[e\](f) \<g\> \$h\$ \&amp; \{i\} \~ \|"
    )


def test_a_block_of_commands_ends_where_it_should() -> None:
    """The fence is longer than any run of backticks inside."""
    assert md.shell("a ``` b") == "````shell\na ``` b\n````"


def test_share_is_bad_as_soon_as_one_is() -> None:
    """The colour of a share is that of its worst member."""
    assert md.share([True, True]) == "[2 of 2]{.ntp-good}"
    assert md.share([True, False]) == "[1 of 2]{.ntp-bad}"
