"""Text files as decoded pieces: UTF-8, or UTF-16 and UTF-32 that begin with a byte order mark."""

from __future__ import annotations

import codecs
import hashlib
import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

from tqdm import tqdm

from ntp_lib.errors import NTPDataError

CHUNK_BYTES = 2**20

# The mark of UTF-32 begins with that of UTF-16.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LONGEST_MARK = 4


class TextPieces:
    """The text of one file, read once, in pieces.

    Attributes:
        name: the path, or "standard input".
        encoding: "UTF-8", "UTF-16" or "UTF-32"; known once reading has begun.
    """

    def __init__(self, source: Path | BinaryIO, *, progress: bool) -> None:
        self.name = str(source) if isinstance(source, Path) else "standard input"
        self.encoding = "UTF-8"
        self._source = source
        self._progress = progress
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Of the text read so far, in UTF-8 without a byte order mark."""
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[str]:
        """Yield the pieces, refusing files that hold no text."""
        size, blank, begun = 0, True, False
        decoder: codecs.IncrementalDecoder | None = None
        for chunk in self._chunks():
            if decoder is None:
                codec = next((codec for mark, codec in BYTE_ORDER_MARKS if chunk.startswith(mark)), "utf-8")
                self.encoding, decoder = codec.upper(), codecs.getincrementaldecoder(codec)()
            piece = self._decoded(decoder, chunk, size)
            size += len(chunk)
            text = piece if begun else piece.removeprefix("\ufeff")
            begun = begun or bool(piece)
            blank = blank and not text.strip()
            self._digest.update(text.encode("utf-8"))
            yield text
        if size == 0:
            raise NTPDataError(f"{self.name}: the file is empty; a text is needed")
        if blank:
            raise NTPDataError(f"{self.name}: the file holds only white space; a text is needed")

    def _chunks(self) -> Iterator[bytes]:
        """Yield the bytes, enough at first to hold a mark; where there are any, an empty chunk marks the end."""
        try:
            opened = self._source.open("rb") if isinstance(self._source, Path) else nullcontext(self._source)
            with (
                opened as file,
                tqdm(
                    total=_size(file),
                    desc=f"reading {Path(self.name).name}",
                    unit="B",
                    unit_scale=True,
                    disable=not self._progress,
                    delay=0.5,
                ) as bar,
            ):
                chunk = file.read(max(LONGEST_MARK, CHUNK_BYTES))
                while chunk:
                    yield chunk
                    bar.update(len(chunk))
                    chunk = file.read(CHUNK_BYTES)
        except FileNotFoundError:
            raise NTPDataError(f"{self.name}: no such file") from None
        except IsADirectoryError:
            raise NTPDataError(f"{self.name}: is a directory; a text file is needed") from None
        except OSError as error:
            raise NTPDataError(f"{self.name}: cannot be read ({error.strerror})") from None
        except ValueError as error:  # a path with a NUL
            raise NTPDataError(f"{self.name!r}: cannot be read ({error})") from None
        yield b""

    def _decoded(self, decoder: codecs.IncrementalDecoder, chunk: bytes, offset: int) -> str:
        nul = chunk.find(b"\0") if self.encoding == "UTF-8" else -1
        if nul >= 0:
            raise NTPDataError(
                f"{self.name}: byte {offset + nul} is NUL, so the file is binary, or UTF-16 without a byte order "
                "mark; UTF-8 text is needed"
            )
        waiting = len(decoder.getstate()[0])
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            place = offset - waiting + error.start
            raise NTPDataError(
                f"{self.name}: byte {place} (0x{error.object[error.start]:02x}) is not {self.encoding} "
                f"({error.reason}); convert the file to UTF-8 first"
            ) from None
        if "\0" in text:
            raise NTPDataError(f"{self.name}: holds the character NUL, so the file is binary; text is needed")
        return text


def _size(file: BinaryIO) -> int | None:
    try:
        return os.fstat(file.fileno()).st_size or None
    except OSError:  # a stream without a file, as in tests
        return None
