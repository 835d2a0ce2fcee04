"""Token values as integer codes: the form in which sequences are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.arrays import to_numpy

Codes = npt.NDArray[np.int32]

# The one token that stands for every token outside a limited vocabulary.
OTHER = "<other>"


@dataclass(frozen=True, eq=False)
class EncodedTokens:
    """A token sequence as places in a vocabulary.

    Attributes:
        codes: one place per token of the sequence, shape (N,).
        names: the distinct tokens, all str or all int (and `OTHER` where the vocabulary was limited).
    """

    codes: Codes
    names: tuple[Any, ...]


class CodeBook(dict[Any, int]):
    """Gives every new token the next code when it is looked up."""

    def __missing__(self, token: Any) -> int:
        code = self[token] = len(self)
        return code


def encode(tokens: Any) -> EncodedTokens:
    """Return the tokens as codes numbered by first appearance.

    Args:
        tokens: a sequence (list, tuple, one-dimensional array) of str or of int.

    Raises:
        NTPDataError: for anything else, naming the first token at fault.
    """
    if isinstance(tokens, (str, bytes, bytearray)):
        raise NTPDataError(
            f"tokens is one {type(tokens).__name__}, not a sequence of tokens; split it first, e.g. with "
            "ntp_lib.data.text.tokenize, or pass list(tokens) for single characters"
        )
    if not isinstance(tokens, (list, tuple)) and hasattr(tokens, "__array__"):
        array = np.asanyarray(to_numpy(tokens, "tokens"))
        if np.ma.is_masked(array):
            raise NTPDataError(f"tokens: token {np.argmax(np.ma.getmaskarray(array))} is masked; leave it out")
        array = np.asarray(array)
        if array.ndim != 1:
            raise NTPDataError(f"tokens must be one sequence, shape (N,); got an array of shape {array.shape}")
        if array.dtype.kind in "iuU":
            return _encode_array(array)
        tokens = array.tolist()
    if not isinstance(tokens, Sequence):
        raise NTPDataError(
            f"tokens must be a sequence (list, tuple or array) of str or int; got {type(tokens).__name__}"
        )
    return _encode_sequence(tokens)


def limit_vocabulary(encoded: EncodedTokens, vocab_size: int | None) -> EncodedTokens:
    """Renumber the tokens by falling frequency and keep at most `vocab_size` of them.

    Ties keep the order of first appearance. With more than `vocab_size` distinct tokens, the `vocab_size` − 1
    most frequent stay and every other one becomes the last token, `OTHER`.

    Args:
        encoded: the sequence, codes numbered by first appearance.
        vocab_size: V at most, at least 2; None keeps every token.

    Raises:
        NTPDataError: for a token that is itself called `OTHER` where others have to be given that name.
    """
    counts = np.bincount(encoded.codes, minlength=len(encoded.names))
    by_frequency = np.argsort(-counts, kind="stable")
    place = np.empty(len(counts), dtype=np.int32)
    place[by_frequency] = np.arange(len(counts), dtype=np.int32)
    names = tuple(encoded.names[i] for i in by_frequency)
    if vocab_size is not None and len(names) > vocab_size:
        if OTHER in names:
            raise NTPDataError(
                f"the tokens hold {OTHER!r}, the name that vocab_size = {vocab_size} gives to the tokens left "
                "out; rename that token or leave vocab_size out"
            )
        place = np.minimum(place, np.int32(vocab_size - 1))
        names = (*names[: vocab_size - 1], OTHER)
    return EncodedTokens(place[encoded.codes], names)


def require_whole_number(value: Any, name: str, *, at_least: int, at_most: int | None = None) -> None:
    """Raise an `NTPDataError` that says what it may be unless `value` is a whole number in range."""
    try:
        number = index(value)
    except TypeError:
        number = at_least - 1
    if number < at_least or isinstance(value, (bool, np.bool_)):
        raise NTPDataError(f"{name} is {value!r:.60}; it must be a whole number of at least {at_least}")
    if at_most is not None and number > at_most:
        raise NTPDataError(f"{name} is {value!r:.60}; it can be at most {at_most}")


def _encode_array(array: npt.NDArray[Any]) -> EncodedTokens:
    codes, values = pd.factorize(array)
    return EncodedTokens(codes.astype(np.int32), tuple(values.tolist()))


def _encode_sequence(tokens: Sequence[Any]) -> EncodedTokens:
    kinds = {_kind(token_type) for token_type in set(map(type, tokens))}
    if None in kinds or len(kinds) > 1:
        raise _fault(tokens)
    book = CodeBook()
    codes = np.fromiter(map(book.__getitem__, tokens), dtype=np.int32, count=len(tokens))
    return EncodedTokens(codes, tuple(book if kinds == {"str"} else map(int, book)))


def _kind(token_type: type) -> Literal["str", "int"] | None:
    if issubclass(token_type, str):
        return "str"
    # True would be the same dictionary key as 1.
    if issubclass(token_type, (int, np.integer)) and not issubclass(token_type, bool):
        return "int"
    return None


def _fault(tokens: Sequence[Any]) -> NTPDataError:
    expected = _kind(type(tokens[0]))
    i = next(i for i, token in enumerate(tokens) if _kind(type(token)) in (None, *({"str", "int"} - {expected})))
    found = f"token {i} is {tokens[i]!r:.60} ({type(tokens[i]).__name__})"
    among = f" after {i} token(s) of type {expected}" if expected else ""
    return NTPDataError(f"{found}{among}; the tokens must be all str or all int")
