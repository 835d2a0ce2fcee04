"""What a token is: words or characters of any script, and eight punctuation marks."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import chain

from ntp_lib.errors import NTPDataError

UNITS = ("word", "character")
PUNCTUATION = ".,;:!?()"

# Between or after letters these two choose the shape of a letter, and with it sometimes the word (Persian,
# Malayalam, Sinhala): they stay. Anywhere else they say nothing and go.
JOINERS = "\u200c\u200d"
# Characters without a shape of their own that only steer layout: soft hyphen, direction marks and embeddings, word
# joiner, byte order mark. A word with them is the word without.
INVISIBLE = "\u00ad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"

# Where Unicode keeps combining marks; looking at all of its 1.1 million places would take a second.
MARK_PLANES = (range(0x300, 0x20000), range(0xE0000, 0xE1000))


@dataclass(frozen=True)
class Tokenizer:
    """How texts of one unit are cut.

    Attributes:
        token: matches one token of a cleaned text.
        part: matches one character of a word, or one that may stand in or after it and change how it is cut.
    """

    token: re.Pattern[str]
    part: re.Pattern[str]

    def find(self, cleaned: str) -> list[str]:
        """The tokens of a cleaned text, in order."""
        return self.token.findall(cleaned)

    def between(self, cleaned: str) -> str:
        """What the tokens leave of a cleaned text."""
        return self.token.sub("", cleaned)


@cache
def tokenizer(unit: str) -> Tokenizer:
    """The tokenizer of a unit; its tables are made when the first text is cut.

    Raises:
        NTPDataError: for a unit that is none of `UNITS`.
    """
    if unit not in UNITS:
        raise NTPDataError(f"unit is {unit!r:.60}; it must be one of {', '.join(map(repr, UNITS))}")
    attached = f"[{_marks()}{JOINERS}]"
    word = rf"(?:\w{attached}*)"
    letters = rf"{word}+" if unit == "word" else word
    part = rf"\w|{attached}|[{INVISIBLE}]"
    return Tokenizer(re.compile(rf"{letters}|[{re.escape(PUNCTUATION)}]"), re.compile(part))


def cleaned(text: str) -> str:
    """The text without invisible characters and with composed accents (NFC): equal texts become equal strings."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", re.sub(f"[{INVISIBLE}]+", "", text))


def lowered(token: str) -> str:
    """The token in lower case, composed again."""
    return unicodedata.normalize("NFC", token.lower())


def is_visible(character: str) -> bool:
    """Whether a character shows on its own: no white space, no mark or joiner of another one, no control code."""
    return unicodedata.category(character)[0] not in "ZMC" or unicodedata.category(character) in ("Co", "Cn")


def tokenize(text: str, *, lowercase: bool = False, unit: str = "word") -> list[str]:
    """Split a text into words and the punctuation marks . , ; : ! ? ( )

    A word is a run of letters, digits and underscores of any script, with the accents, vowel signs and joiners
    that belong to them. Accents are composed (NFC), so that canonically equal texts give equal tokens, and
    invisible layout characters (soft hyphens, direction marks) are dropped. Everything else, apostrophes, hyphens
    and emoji among it, ends a word and is left out.

    Args:
        text: any text.
        lowercase: turn the tokens into lower case; by default the text's own case is kept.
        unit: "word", or "character": every letter with its marks is a token of its own, for scripts that are
            written without spaces.

    Returns:
        The tokens in order.

    Raises:
        NTPDataError: for another unit.

    Example:
        >>> tokenize("A loss, its bound (0.88)!")
        ['A', 'loss', ',', 'its', 'bound', '(', '0', '.', '88', ')', '!']
        >>> tokenize("今日は。", unit="character")
        ['今', '日', 'は']
    """
    tokens = tokenizer(unit).find(cleaned(text))
    return [lowered(token) for token in tokens] if lowercase else tokens


def _marks() -> str:
    """Every combining mark (Mn, Mc, Me) as ranges of a character class, for which `re` has no name."""
    codes = [code for code in chain(*MARK_PLANES) if unicodedata.category(chr(code))[0] == "M"]
    starts = [code for code, before in zip(codes, [-2, *codes], strict=False) if code != before + 1]
    ends = [code for code, after in zip(codes, [*codes[1:], -2], strict=True) if code + 1 != after]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))
