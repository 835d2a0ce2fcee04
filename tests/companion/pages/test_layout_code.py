"""Lines of code in elements of their own: the text stays what it was, and an indent is apart from the rest."""

import html
import re
import sys
from typing import Any

import pytest
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer, TextLexer
from small_project import ROOT

SOURCES = {
    "code": 'def double(x):\n    return 2 * x\n\n\nif double(1) < 3:\n    note = """two\n    lines"""\n',
    "one line": "x = 1\n",
    "a markup character": "a < b & c\n",
}


@pytest.fixture
def formatter(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The formatter of the book."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "book" / "_ext"), *sys.path])
    from code_lines import LineFormatter

    return LineFormatter()


def _text(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page)).strip("\n")


@pytest.mark.parametrize("case", SOURCES)
@pytest.mark.parametrize("lexer", [PythonLexer, TextLexer])
def test_text_of_the_code_is_unchanged(formatter: Any, case: str, lexer: Any) -> None:
    """What is copied is what was there; each line is one element."""
    page = highlight(SOURCES[case], lexer(), formatter)
    assert _text(page) == SOURCES[case].strip("\n")
    assert page.count('<span class="ntp-line">') == len(SOURCES[case].splitlines())


def test_indent_is_apart(formatter: Any) -> None:
    """Also where the lexer marks white space up; the usual formatter does neither."""
    page = highlight(SOURCES["code"], PythonLexer(), formatter)
    assert '<span class="ntp-line"><span class="ntp-indent">    </span><span class="k">return</span>' in page
    usual = highlight(SOURCES["code"], PythonLexer(), HtmlFormatter())
    assert "ntp-line" not in usual
    assert "ntp-indent" not in usual
