"""From a UTF-8 text file to tokens and to data, in pieces, so that a large file needs little memory."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ntp_lib.data.encoding import CodeBook, EncodedTokens
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.tokens import ContextOptions, data_from_encoded
from ntp_lib.errors import NTPDataError

# Words are runs of letters, digits and underscores in any script, so that no name or number of a text falls
# apart or vanishes; of the other characters the eight below are tokens and the rest separate tokens.
TOKEN = re.compile(r"\w+|[.,;:!?()]")

CHUNK_BYTES = 2**20


def tokenize(text: str, *, lowercase: bool = False) -> list[str]:
    """Split a text into words and the punctuation marks . , ; : ! ? ( )

    Args:
        text: any text.
        lowercase: turn the tokens into lower case; by default the text's own case is kept.

    Returns:
        The tokens in order.

    Example:
        >>> tokenize("A loss, its bound (0.88)!")
        ['A', 'loss', ',', 'its', 'bound', '(', '0', '.', '88', ')', '!']
    """
    tokens = TOKEN.findall(text)
    return [token.lower() for token in tokens] if lowercase else tokens


def read_text(path: str | Path, *, progress: bool = False) -> str:
    """Read a UTF-8 text file whole.

    Args:
        path: of the file.
        progress: show a progress bar on stderr.

    Returns:
        The text, without a leading byte order mark; line ends as they are.

    Raises:
        NTPDataError: for a path that is missing, a directory or unreadable, and a file that is empty, only white
            space, binary (a NUL byte) or not UTF-8, naming the place of the first bad byte.
    """
    return "".join(_pieces(Path(path), progress=progress))


def encode_text_file(path: str | Path, *, lowercase: bool = False, progress: bool = False) -> EncodedTokens:
    """Read a text file straight into token codes; equal to encoding `tokenize(read_text(path))`.

    Args:
        path: of a UTF-8 text file.
        lowercase: turn the tokens into lower case.
        progress: show a progress bar on stderr.

    Returns:
        The codes, numbered by first appearance, four bytes a token.

    Raises:
        NTPDataError: as `read_text`, and for a file without a single word or punctuation mark.
    """
    book = CodeBook()
    parts = []
    for text in _whole_words(_pieces(Path(path), progress=progress)):
        found = TOKEN.findall(text)
        parts.append(np.fromiter(map(book.__getitem__, found), dtype=np.int32, count=len(found)))
    if not book:
        raise NTPDataError(f"{path}: holds no word and none of the punctuation marks . , ; : ! ? ( )")
    encoded = EncodedTokens(np.concatenate(parts), tuple(book))
    return _lowered(encoded) if lowercase else encoded


def data_from_text_file(
    path: str | Path,
    *,
    context_length: int = 2,
    dim: int = 64,
    seed: int = 0,
    embedding: str = "independent",
    vocab_size: int | None = None,
    lowercase: bool = False,
    progress: bool = False,
) -> NTPData:
    """Count the distinct contexts of a text file.

    Args:
        path: of a UTF-8 text file.
        context_length: see `ntp_lib.data.tokens.data_from_tokens` for this and the other options.
        dim: d.
        seed: of the embeddings.
        embedding: the law of the embeddings.
        vocab_size: V at most.
        lowercase: turn the tokens into lower case.
        progress: show progress on stderr.

    Returns:
        The data.

    Raises:
        NTPDataError: as `encode_text_file` and `data_from_tokens`; what is wrong with the text names the file.
    """
    options = ContextOptions(
        context_length=context_length, dim=dim, seed=seed, embedding=embedding, vocab_size=vocab_size
    )
    encoded = encode_text_file(path, lowercase=lowercase, progress=progress)
    try:
        return data_from_encoded(encoded, options, progress=progress)
    except NTPDataError as error:
        raise NTPDataError(f"{path}: {error}") from None


def _lowered(encoded: EncodedTokens) -> EncodedTokens:
    book = CodeBook()
    codes = np.array([book[name.lower()] for name in encoded.names], dtype=np.int32)
    return EncodedTokens(codes[encoded.codes], tuple(book))


def _whole_words(pieces: Iterator[str]) -> Iterator[str]:
    """Regroup pieces so that none ends inside a word."""
    held: list[str] = []
    for piece in pieces:
        end = len(piece)
        while end and (piece[end - 1].isalnum() or piece[end - 1] == "_"):
            end -= 1
        if end:
            yield "".join([*held, piece[:end]])
            held = []
        held.append(piece[end:])
    yield "".join(held)


def _pieces(path: Path, *, progress: bool) -> Iterator[str]:
    """Yield the decoded text of a file, refusing files that hold none."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    size, begun, blank = 0, False, True
    for chunk in _chunks(path, progress=progress):
        piece = _decoded(decoder, chunk, size, path)
        size += len(chunk)
        text = piece if begun else piece.removeprefix("\ufeff")
        begun = begun or bool(piece)
        blank = blank and not text.strip()
        yield text
    if size == 0:
        raise NTPDataError(f"{path}: the file is empty; a text is needed")
    if blank:
        raise NTPDataError(f"{path}: the file holds only white space; a text is needed")


def _chunks(path: Path, *, progress: bool) -> Iterator[bytes]:
    """Yield the bytes of a file; where there are any, an empty chunk marks the end."""
    if not path.exists():
        raise NTPDataError(f"{path}: no such file")
    if path.is_dir():
        raise NTPDataError(f"{path}: is a directory; a text file is needed")
    try:
        with (
            path.open("rb") as file,
            tqdm(
                total=path.stat().st_size or None,
                desc=f"reading {path.name}",
                unit="B",
                unit_scale=True,
                disable=not progress,
                delay=0.5,
            ) as bar,
        ):
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
                bar.update(len(chunk))
    except OSError as error:
        raise NTPDataError(f"{path}: cannot be read ({error.strerror})") from None
    yield b""


def _decoded(decoder: codecs.IncrementalDecoder, chunk: bytes, offset: int, path: Path) -> str:
    nul = chunk.find(b"\0")
    if nul >= 0:
        raise NTPDataError(f"{path}: byte {offset + nul} is NUL, so the file is binary; UTF-8 text is needed")
    waiting = len(decoder.getstate()[0])
    try:
        return decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError as error:
        place = offset - waiting + error.start
        raise NTPDataError(
            f"{path}: byte {place} (0x{error.object[error.start]:02x}) is not UTF-8 ({error.reason}); "
            "convert the file to UTF-8 first"
        ) from None
