"""The text that comes with Python."""

import hashlib
import platform
import sys

import pytest

from ntp_lib import NTPDataError
from ntp_lib.data.language_reference import load_language_reference
from ntp_lib.data.text import tokenize


def test_the_text_says_what_it_is():
    text = load_language_reference()
    assert text.python_version == platform.python_version()
    assert text.sha256 == hashlib.sha256(text.text.encode("utf-8")).hexdigest()
    assert text.tokens == tuple(tokenize(text.text))
    # About 80 000 in 3.11; later versions grew, none by half.
    assert 70_000 < len(text.tokens) < 120_000


@pytest.mark.skipif(sys.version_info[:3] != (3, 11, 7), reason="the text of CPython 3.11.7")
def test_the_text_of_the_version_it_was_measured_on():
    text = load_language_reference()
    assert len(text.tokens) == 80_211
    assert text.sha256 == "2a95af4ac93f5b719944030ce3769070ddf827d847cba42192afa8da989e5dc4"


def test_an_interpreter_without_the_text_is_told_apart(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(NTPDataError, match=r"without pydoc_data\.topics") as raised:
        load_language_reference.__wrapped__()
    assert str(raised.value) == (
        "this Python was installed without pydoc_data.topics, which holds the language reference; "
        "use a complete CPython or another text (ntp_lib.data.text.data_from_text_file)"
    )


def test_the_topics_are_joined_in_the_order_of_their_names():
    from pydoc_data.topics import topics

    text = load_language_reference.__wrapped__()
    assert text.name == "python-language-reference"
    assert text.text == "\n".join(topics[name] for name in sorted(topics))
    assert text.sha256 == hashlib.sha256(text.text.encode("utf-8")).hexdigest()
    assert text.python_version == platform.python_version()
    assert text.tokens == tuple(tokenize(text.text))
    assert text.tokens[:3] == ("The", "assert", "statement")
