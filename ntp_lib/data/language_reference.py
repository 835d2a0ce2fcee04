"""The default real text: the part of the Python documentation that every CPython carries."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from functools import cache

from ntp_lib.data.text import tokenize
from ntp_lib.errors import NTPDataError


@dataclass(frozen=True)
class Text:
    """A text with everything that says which text it is.

    Attributes:
        name: a short name.
        text: the text itself.
        sha256: of the text's UTF-8 bytes, in hexadecimal digits.
        tokens: the words and punctuation marks of `ntp_lib.data.text.tokenize`, case kept.
        python_version: of the interpreter the text came with.
    """

    name: str
    text: str
    sha256: str
    tokens: tuple[str, ...]
    python_version: str


@cache
def load_language_reference() -> Text:
    """Return the help topics of the running interpreter: most of the Python language reference.

    The topics of `pydoc_data.topics` are joined by line ends in the sorted order of their names; no file has to be
    downloaded. CPython 3.11.7 gives 80 211 tokens. Other versions ship another text, so that numbers
    computed from it differ: results on this text carry `sha256`, and whatever compares two of them compares
    that first.

    Raises:
        NTPDataError: where the interpreter was installed without `pydoc_data.topics`.

    Example:
        >>> load_language_reference().tokens[:3]
        ('The', 'assert', 'statement')
    """
    try:
        from pydoc_data.topics import topics
    except ImportError:
        raise NTPDataError(
            "this Python was installed without pydoc_data.topics, which holds the language reference; "
            "use a complete CPython or another text (ntp_lib.data.text.data_from_text_file)"
        ) from None
    text = "\n".join(topics[name] for name in sorted(topics))
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    version = platform.python_version()
    return Text("python-language-reference", text, digest, tuple(tokenize(text)), version)
