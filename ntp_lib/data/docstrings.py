"""A second real text that every CPython carries: what the standard library says of itself."""

from __future__ import annotations

import ast
import hashlib
import platform
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ntp_lib.data.language_reference import Text, load_language_reference
from ntp_lib.data.text import tokenize
from ntp_lib.errors import NTPDataError

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def load_docstrings() -> Text:
    """Return the docstrings of the standard library's single-file modules, joined by line ends.

    Modules are taken in the sorted order of their names, packages left out; a module's docstrings come in the
    order in which `ast.walk` meets them. No module is imported. CPython 3.11.7 gives 176 057 tokens. Other
    versions and systems ship other modules, so results on this text carry its `sha256`.

    Raises:
        NTPDataError: where the standard library has no sources to read, as in a zipped or frozen Python.

    Example:
        >>> load_docstrings().tokens[:3]
        ('Record', 'of', 'phased')
    """
    root = Path(sysconfig.get_path("stdlib"))
    names = sorted(name for name in sys.stdlib_module_names if (root / f"{name}.py").is_file())
    if not names:
        raise NTPDataError(
            f"no sources of the standard library were found in {root}; use a complete CPython or another text "
            "(ntp_lib.data.text.data_from_text_file)"
        )
    text = "\n".join(doc for name in names for doc in docstrings((root / f"{name}.py").read_text("utf-8")))
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    version = platform.python_version()
    return Text("python-docstrings", text, digest, tuple(tokenize(text)), version)


@cache
def load_both_texts() -> Text:
    """The language reference and, after a line end, the docstrings: one text with one `sha256`.

    Raises:
        NTPDataError: where one of the two is missing.
    """
    first, second = load_language_reference(), load_docstrings()
    text = f"{first.text}\n{second.text}"
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    return Text(
        "python-reference-and-docstrings", text, digest, first.tokens + second.tokens, first.python_version
    )


def docstrings(source: str) -> Iterator[str]:
    """The docstrings of a module's source, indentation removed: the module's own, then those of what it defines.

    Example:
        >>> list(docstrings('"A module."'))
        ['A module.']
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DOCUMENTED):
            doc = ast.get_docstring(node)
            if doc:
                yield doc
