"""The punctuation beside a formula stays there: nothing is doubled or lost, whatever else the paragraph says."""

import sys
from typing import Any

import pytest
from docutils import nodes
from small_project import ROOT

PARAGRAPHS = {
    "once": ["take ", "$x$", ", then"],
    "the mark of the first formula again": ["take ", "$x$", ", ", "$y$", ", and ", "$z$", ";"],
    "equal texts between formulas": ["$a$", ", ", "$b$", ", ", "$c$", ", "],
    "nothing but marks": ["(", "$a$", ")", "$b$", ","],
    "a bracket before and after": ["see (", "$a$", "), (", "$b$", ")."],
    "no text beside it": ["$a$"],
    "no mark": ["so ", "$a$", " holds"],
}


@pytest.fixture
def keep(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The transformation of one formula."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "book" / "_ext"), *sys.path])
    from punctuation import keep

    return keep


def _paragraph(parts: list[str]) -> Any:
    made = [nodes.math("", part) if part.startswith("$") else nodes.Text(part) for part in parts]
    return nodes.paragraph("", "", *made)


def _together(paragraph: Any) -> list[str]:
    return [node.astext() for node in paragraph.findall(nodes.inline)]


@pytest.mark.parametrize("case", PARAGRAPHS)
def test_no_mark_is_doubled_or_lost(keep: Any, case: str) -> None:
    """A paragraph reads as before."""
    paragraph = _paragraph(PARAGRAPHS[case])
    for formula in list(paragraph.findall(nodes.math)):
        keep(formula)
    assert paragraph.astext() == "".join(PARAGRAPHS[case])
    assert [node.astext() for node in paragraph.findall(nodes.math)] == [
        part for part in PARAGRAPHS[case] if part.startswith("$")
    ]


def test_marks_are_with_their_formula(keep: Any) -> None:
    """Before and after it, and only where they touch it."""
    paragraph = _paragraph(["see (", "$a$", "), ", "$b$", " and ", "$c$", ";"])
    for formula in list(paragraph.findall(nodes.math)):
        keep(formula)
    assert _together(paragraph) == ["($a$),", "$c$;"]


def test_taking_out_what_is_equal_would_be_noticed() -> None:
    """The control: removing the last mark by equality takes the first, and the paragraph reads otherwise."""
    paragraph = _paragraph(["$a$", ",", "$b$", ";", "$c$", ","])
    last = paragraph[-1]
    paragraph.remove(last)
    paragraph += nodes.inline("", "", last)
    assert paragraph.astext() != "$a$,$b$;$c$,"
