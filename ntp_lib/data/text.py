"""From a text file to tokens and to data, in pieces, so that a large file needs little memory."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ntp_lib.data.encoding import CodeBook, EncodedTokens
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.source import Source, library_version
from ntp_lib.data.text_file import TextPieces
from ntp_lib.data.tokenizer import PUNCTUATION, Tokenizer, cleaned, is_visible, lowered, tokenize, tokenizer
from ntp_lib.data.tokens import ContextOptions, counted_codes
from ntp_lib.errors import NTPDataError

__all__ = [
    "CutText",
    "cut_text",
    "data_from_text",
    "data_from_text_file",
    "encode_text_file",
    "read_text",
    "tokenize",
]


@dataclass(frozen=True, eq=False)
class CutText:
    """A text that was read and cut into tokens.

    Attributes:
        name: of the file, for messages.
        encoded: its tokens, numbered by first appearance.
        left_out: how often each visible character occurs that is in no token.
        encoding: of the file, "UTF-8", "UTF-16" or "UTF-32".
        sha256: of the text in UTF-8 without a byte order mark.
        unit: what a token is.
        lowercase: whether the tokens were turned into lower case.
    """

    name: str
    encoded: EncodedTokens
    left_out: Counter[str]
    encoding: str
    sha256: str
    unit: str
    lowercase: bool


def read_text(path: str | Path, *, progress: bool = False) -> str:
    """Read a text file whole.

    Args:
        path: of a file in UTF-8, or in UTF-16 or UTF-32 with a byte order mark.
        progress: show a progress bar on stderr.

    Returns:
        The text, without a leading byte order mark; line ends as they are.

    Raises:
        NTPDataError: for a path that is missing, a directory or unreadable, and a file that is empty, only white
            space, binary (a NUL) or in another encoding, naming the place of the first bad byte.
    """
    return "".join(TextPieces(Path(path), progress=progress))


def cut_text(
    source: Path | BinaryIO, *, lowercase: bool = False, unit: str = "word", progress: bool = False
) -> CutText:
    """Read a text straight into token codes; its tokens are those of `tokenize(read_text(path))`.

    Args:
        source: a path, or a stream of bytes, called standard input in messages.
        lowercase: turn the tokens into lower case.
        unit: what a token is, "word" or "character"; see `tokenize`.
        progress: show a progress bar on stderr.

    Raises:
        NTPDataError: as `read_text`, and for a text without a single word or punctuation mark.
    """
    cutter, pieces = tokenizer(unit), TextPieces(source, progress=progress)
    book, left_out = CodeBook(), Counter[str]()
    parts = []
    for text in _whole_words(pieces, cutter):
        clean = cleaned(text)
        found = cutter.find(clean)
        parts.append(np.fromiter(map(book.__getitem__, found), dtype=np.int32, count=len(found)))
        left_out.update(cutter.between(clean))
    if not book:
        raise NTPDataError(
            f"{pieces.name}: holds no word and none of the punctuation marks {' '.join(PUNCTUATION)}"
        )
    encoded = EncodedTokens(np.concatenate(parts), tuple(book))
    return CutText(
        pieces.name,
        _lowered(encoded) if lowercase else encoded,
        Counter({character: count for character, count in left_out.items() if is_visible(character)}),
        pieces.encoding,
        pieces.sha256,
        unit,
        lowercase,
    )


def encode_text_file(
    path: str | Path, *, lowercase: bool = False, unit: str = "word", progress: bool = False
) -> EncodedTokens:
    """The tokens of `cut_text` alone, numbered by first appearance, four bytes a token."""
    return cut_text(Path(path), lowercase=lowercase, unit=unit, progress=progress).encoded


def data_from_text(text: CutText, options: ContextOptions, *, progress: bool = False) -> NTPData:
    """Count the distinct contexts of a text; the data say in `source` what they were made of.

    Raises:
        NTPDataError: as `NTPData.from_tokens`, naming the file.
    """
    source = Source(
        sha256=text.sha256,
        context_length=options.context_length,
        dim=options.dim,
        embedding=options.embedding,
        seed=options.seed,
        unit=text.unit,
        lowercase=text.lowercase,
        vocab_size=options.vocab_size,
        left_out=text.left_out.total(),
        unicode_version=unicodedata.unidata_version,
        library_version=library_version(),
    )
    try:
        counted = counted_codes(text.encoded, options, progress=progress)
        return NTPData(**vars(counted), source=source, copy=False)
    except NTPDataError as error:
        raise NTPDataError(f"{text.name}: {error}{_hint(text, options)}") from None


def data_from_text_file(
    path: str | Path,
    *,
    context_length: int = 2,
    dim: int = 64,
    seed: int = 0,
    embedding: str = "independent",
    vocab_size: int | None = None,
    lowercase: bool = False,
    unit: str = "word",
    progress: bool = False,
) -> NTPData:
    """Count the distinct contexts of a text file.

    Args:
        path: of a text file, see `read_text`.
        context_length: see `NTPData.from_tokens` for this and the other options.
        dim: d.
        seed: of the embeddings.
        embedding: the law of the embeddings.
        vocab_size: V at most.
        lowercase: turn the tokens into lower case.
        unit: what a token is, "word" or "character"; see `tokenize`.
        progress: show progress on stderr.

    Returns:
        The data, with a `source`.

    Raises:
        NTPDataError: as `cut_text` and `NTPData.from_tokens`; what is wrong with the text names the file.
    """
    options = ContextOptions(
        context_length=context_length, dim=dim, seed=seed, embedding=embedding, vocab_size=vocab_size
    )
    return data_from_text(
        cut_text(Path(path), lowercase=lowercase, unit=unit, progress=progress), options, progress=progress
    )


def _hint(text: CutText, options: ContextOptions) -> str:
    """What to do about a text of too few words, where its letters would be enough."""
    few = len(text.encoded.codes) <= options.context_length or len(text.encoded.names) < 2
    if text.unit != "word" or not few or sum(map(len, text.encoded.names)) <= options.context_length + 1:
        return ""
    return (
        ". Words end at white space and punctuation; for a script that is written without spaces, "
        "unit='character' (--unit character) makes every letter a token"
    )


def _lowered(encoded: EncodedTokens) -> EncodedTokens:
    book = CodeBook()
    codes = np.array([book[lowered(name)] for name in encoded.names], dtype=np.int32)
    return EncodedTokens(codes[encoded.codes], tuple(book))


def _whole_words(pieces: TextPieces, cutter: Tokenizer) -> Iterator[str]:
    """Regroup pieces so that each ends before a character that nothing before it can change.

    A word is held back with its accents, and the character before it too, which an accent might change.
    """
    held: list[str] = []
    for piece in pieces:
        end = len(piece)
        while end and cutter.part.match(piece, end - 1):
            end -= 1
        if end:
            yield "".join([*held, piece[: end - 1]])
            held = []
        held.append(piece[max(end - 1, 0) :])
    yield "".join(held)
