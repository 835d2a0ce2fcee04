"""Contexts of letters from a text: all beginnings of short windows, or all pairs (book, capacity)."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import whole_number
from ntp_lib.numerics.results import result

LETTERS = "abcdefghijklmnopqrstuvwxyz "
# Windows start at every such word.
WORDS_APART = 23


@result
class LetterContexts:
    """Different contexts of letters, and what follows them.

    Attributes:
        contexts: each a tuple of places in `LETTERS`.
        context_probs: how often each occurs, (n,).
        probs: of the next letter, (n, V); V counts the letters that occur as a next one.
        letters: these letters, in the order of the columns.
    """

    contexts: tuple[tuple[int, ...], ...]
    context_probs: Floats
    probs: Floats
    letters: str

    def with_features(self, features: Floats, *, weighted: bool = False) -> NTPData:
        """The data for given embeddings, (n, d); contexts weigh alike unless `weighted`."""
        n = len(self.contexts)
        return NTPData(features, self.context_probs if weighted else np.full(n, 1 / n), self.probs)


def letters_only(text: str) -> str:
    """Lower-case letters, with one space for everything between them."""
    return re.sub(r"[^a-z]+", " ", text.lower()).strip()


def window_prefixes(text: str, windows: int, length: int = 6) -> LetterContexts:
    """Contexts that are beginnings of windows: of 1 to length − 1 letters, each with the letter that follows.

    Args:
        text: any; letters and spaces are kept.
        windows: how many; they start at every 23rd word, from the second on.
        length: of a window in letters, at least 2.

    Raises:
        NTPDataError: a text too short for so many windows; numbers out of range.
    """
    windows, length = whole_number(windows, "windows", least=1), whole_number(length, "length", least=2)
    plain = letters_only(text)
    starts = [place.end() for place in re.finditer(" ", plain)][::WORDS_APART][:windows]
    if len(starts) < windows or starts[-1] + length > len(plain):
        raise NTPDataError(f"the text has {len(plain)} letters, too few for {windows} windows of {length}")
    pieces = [plain[start : start + length] for start in starts]
    return _counted([(piece[:i], piece[i]) for piece in pieces for i in range(1, length)])


def letter_pairs(text: str, letters: int) -> LetterContexts:
    """All contexts of two letters among the first so many letters of a text.

    Raises:
        NTPDataError: a text with fewer letters, or fewer than three asked for.
    """
    letters = whole_number(letters, "letters", least=3)
    plain = letters_only(text)
    if len(plain) < letters:
        raise NTPDataError(f"the text has {len(plain)} letters; {letters} were asked for")
    return _counted([(plain[i - 2 : i], plain[i]) for i in range(2, letters)])


def _counted(pairs: list[tuple[str, str]]) -> LetterContexts:
    counts = Counter(pairs)
    contexts = sorted({context for context, _ in counts})
    used = "".join(letter for letter in LETTERS if any(label == letter for _, label in counts))
    table = np.array([[counts[context, letter] for letter in used] for context in contexts], dtype=np.float64)
    total = table.sum(axis=1)
    return LetterContexts(
        tuple(tuple(map(LETTERS.index, context)) for context in contexts),
        total / total.sum(),
        table / total[:, None],
        used,
    )
