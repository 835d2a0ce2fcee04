"""Random supports: how many tokens may follow a context, and which (book, def-support-laws)."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Bools

FORM = re.compile(r"(zipf:)?([0-9]{1,12})(?:-([0-9]{1,12}))?")


@dataclass(frozen=True)
class SupportLaw:
    """Sizes uniform on smallest, …, largest; tokens uniform, or drawn with Zipf weights 1/rank.

    Attributes:
        smallest: least |S|.
        largest: greatest |S|.
        zipf: whether the tokens of a support are drawn one by one, without replacement, with weights 1/rank.
    """

    smallest: int
    largest: int
    zipf: bool = False

    @classmethod
    def parse(cls, text: str) -> SupportLaw:
        """Read "6" (six tokens), "1-5" (one to five, equally likely), or either after "zipf:".

        Raises:
            NTPDataError: any other text, or sizes that are not 1 ≤ smallest ≤ largest.
        """
        found = FORM.fullmatch(text.strip())
        if found is None:
            raise NTPDataError(f"support law {text!r}; valid: a size (6), a range (1-5), or zipf: before either")
        law = cls(int(found[2]), int(found[3] or found[2]), found[1] is not None)
        if not 1 <= law.smallest <= law.largest:
            raise NTPDataError(f"support law {text!r}: sizes must be at least 1, the smaller one first")
        return law

    def __str__(self) -> str:
        sizes = f"{self.smallest}" if self.smallest == self.largest else f"{self.smallest}-{self.largest}"
        return f"zipf:{sizes}" if self.zipf else sizes

    @property
    def sizes(self) -> range:
        """The sizes, equally likely: what `threshold` takes as `support_size`."""
        return range(self.smallest, self.largest + 1)

    def check(self, vocab_size: int) -> None:
        """Raise an `NTPDataError` unless some support can miss a token and none exceeds the vocabulary."""
        if vocab_size < 2:
            raise NTPDataError(f"vocab_size is {vocab_size}; it must be at least 2")
        if self.largest > vocab_size:
            raise NTPDataError(f"support law {self}: {self.largest} tokens, but the vocabulary has {vocab_size}")
        if self.smallest == vocab_size:
            raise NTPDataError(
                f"support law {self}: every support is the whole vocabulary, so no margin is defined"
            )

    def draw(self, count: int, vocab_size: int, rng: np.random.Generator) -> Bools:
        """Draw supports, (count, V).

        The tokens with the largest keys log(weight) + Gumbel noise are a draw without replacement.
        """
        self.check(vocab_size)
        keys = rng.gumbel(size=(count, vocab_size))
        if self.zipf:
            keys -= np.log(np.arange(1, vocab_size + 1))
        sizes = rng.integers(self.smallest, self.largest + 1, size=count)
        ranks = np.argsort(np.argsort(-keys, axis=1), axis=1)
        return np.asarray(ranks < sizes[:, None])
