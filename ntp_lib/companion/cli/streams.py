"""What a command prints where the terminal, the pipe or the disk behind it cannot take it."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
import unicodedata
from contextlib import suppress
from typing import Any, TextIO

from ntp_lib.companion.reproduction.errors import in_words

OUTPUT = "standard output"
CLOSED = 141
PLAIN = {
    "✓": "ok",
    "✗": "FAILED",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "∈": "in",
    "∞": "inf",
    "−": "-",
    "–": "-",
    "—": "-",
    "·": "*",
    "×": "x",
    "…": "...",
    "‖": "||",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "√": "sqrt",
    "∑": "sum",
    "\N{GREEK CAPITAL LETTER SIGMA}": "Sum",
}


class _Named(io.FileIO):
    """A raw stream whose refusals carry its name, for the system names files only."""

    title = ""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            error.filename = self.title
            raise


def speak_plainly() -> None:
    """Let standard output and error say in plain characters what their encoding does not have."""
    codecs.register_error("ntp-plain", _plain)
    sys.stdout = _prepared(sys.stdout, OUTPUT)
    sys.stderr = _prepared(sys.stderr, "standard error")


def _prepared(stream: Any, title: str) -> Any:
    # Streams put in place by others, as in tests, are theirs.
    if stream not in (sys.__stdout__, sys.__stderr__) or not isinstance(stream, io.TextIOWrapper):
        return stream
    buffer: Any = stream.buffer
    raw = getattr(buffer, "raw", buffer)
    if type(raw) is not io.FileIO:
        stream.reconfigure(errors="ntp-plain")
        return stream
    stream.flush()
    named = _Named(raw.fileno(), "wb", closefd=False)
    named.title = title
    return io.TextIOWrapper(
        named if buffer is raw else io.BufferedWriter(named),
        encoding=stream.encoding,
        errors="ntp-plain",
        newline=None,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: signs as words, letters without their accents, anything else by its number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(map(_nearest, characters)), error.end


def _nearest(character: str) -> str:
    if character in PLAIN:
        return PLAIN[character]
    ascii_part = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return ascii_part or character.encode("ascii", "backslashreplace").decode()


def end_of_output(code: int) -> int:
    """Hand over what is still to be printed.

    Args:
        code: exit code of the work.

    Returns:
        The exit code: that of the work, unless its results could not be printed.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        return refused(error, code)
    return code


def from_output(error: OSError) -> bool:
    """Whether it was standard output that refused."""
    return error.filename == OUTPUT


def refused(error: OSError, code: int = 0) -> int:
    """Say that standard output takes nothing more, unless its reader has left, who knows.

    Args:
        error: Why.
        code: exit code of the work.

    Returns:
        The exit code; 141 where the reader has left, as shells have it.
    """
    _discard(sys.stdout)
    if error.errno == errno.EPIPE:
        return code or CLOSED
    try:
        print(f"Error: {in_words(error)}", file=sys.stderr, flush=True)
    except OSError:
        _discard(sys.stderr)
    return code or 1


def _discard(stream: TextIO) -> None:
    """Send the rest to nowhere, or the interpreter would fail once more when it ends."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
