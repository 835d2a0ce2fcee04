"""The standard library's own words."""

import hashlib
import platform
import sys
import sysconfig

import pytest

from ntp_lib import NTPDataError
from ntp_lib.data.docstrings import docstrings, load_both_texts, load_docstrings
from ntp_lib.data.language_reference import load_language_reference
from ntp_lib.data.text import tokenize

SOURCE = '''
"""First
    second."""

class Thing:
    "A thing."

    def act(self):
        """Acts."""
        "not a docstring"

    def silent(self):
        return "no docstring"

async def later():
    "Later."

def empty():
    ""

x = "no docstring"
'''


def test_docstrings_of_modules_classes_and_functions():
    assert list(docstrings(SOURCE)) == ["First\nsecond.", "A thing.", "Later.", "Acts."]


def test_the_text_says_what_it_is():
    text = load_docstrings()
    assert text.name == "python-docstrings"
    assert text.python_version == platform.python_version()
    assert text.sha256 == hashlib.sha256(text.text.encode("utf-8")).hexdigest()
    assert text.tokens == tuple(tokenize(text.text))
    assert load_docstrings() is text
    # About 176 000 in 3.11; other versions drop and add modules.
    assert 100_000 < len(text.tokens) < 300_000


@pytest.mark.skipif(
    sys.version_info[:3] != (3, 11, 7) or sys.platform != "linux", reason="CPython 3.11.7 on Linux"
)
def test_the_text_of_the_version_it_was_measured_on():
    text = load_docstrings()
    assert len(text.tokens) == 176057
    assert text.sha256 == "9c2383cb8f8140e999666977a6a69cc8a9b439e4279a102f2dfa3710ef1433a8"


def test_modules_come_by_name_and_packages_not_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path) if name == "stdlib" else "")
    for name, doc in (("bisect", "Second."), ("abc", "First."), ("mine", "Not of the library.")):
        (tmp_path / f"{name}.py").write_text(f'"{doc}"', encoding="utf-8")
    (tmp_path / "json").mkdir()
    (tmp_path / "json" / "__init__.py").write_text('"A package."', encoding="utf-8")
    assert load_docstrings.__wrapped__().text == "First.\nSecond."


def test_a_python_without_sources_is_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(NTPDataError, match="no sources of the standard library were found in") as raised:
        load_docstrings.__wrapped__()
    assert str(raised.value).endswith("or another text (ntp_lib.data.text.data_from_text_file)")


def test_both_texts_are_one_after_the_other():
    both = load_both_texts()
    assert both.name == "python-reference-and-docstrings"
    assert both.text == load_language_reference().text + "\n" + load_docstrings().text
    assert both.sha256 == hashlib.sha256(both.text.encode("utf-8")).hexdigest()
    assert both.tokens == tuple(tokenize(both.text))
    assert both.python_version == platform.python_version()
