"""Random orders and sentences for the second stage (book, selecting-attention)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ntp_lib.attention.selection import Selection
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Bools, Floats, Ints
from ntp_lib.numerics.numbers import real_number, whole_number
from ntp_lib.numerics.results import result


@result
class Language:
    """A rank of all tokens for each query, and what follows each token; tokens are 0, …, V − 1.

    Attributes:
        rank: (V, V), of token x for query q in entry (q, x); the least is optimal. Ties are allowed.
        next_token: (V,), a permutation.
        frequencies: of the collocations, (V,).
    """

    rank: Ints
    next_token: Ints
    frequencies: Floats

    @property
    def vocab_size(self) -> int:
        """V."""
        return len(self.rank)

    def optimal(self, query: int, tokens: Ints) -> int:
        """The token of least rank.

        Raises:
            NTPDataError: two tokens share it.
        """
        ranks = self.rank[query, tokens]
        best = np.flatnonzero(ranks == ranks.min())
        if len(best) > 1:
            raise NTPDataError(
                f"tokens {tokens[best].tolist()} are of one rank for query {query}; one must be best"
            )
        return int(tokens[best[0]])

    def draw(self, num_sentences: int, *, longest: int = 6, seed: int = 0) -> tuple[Ints, ...]:
        """Sentences of 2 to `longest` distinct tokens with one best; the last is the query.

        Raises:
            NTPDataError: numbers out of range.
        """
        count = whole_number(num_sentences, "num_sentences", least=1)
        longest = whole_number(longest, "longest", least=2, most=self.vocab_size)
        rng = np.random.default_rng(whole_number(seed, "seed"))
        drawn: list[Ints] = []
        while len(drawn) < count:
            tokens = rng.choice(self.vocab_size, size=rng.integers(2, longest + 1), replace=False)
            ranks = self.rank[tokens[-1], tokens]
            if (ranks == ranks.min()).sum() == 1:
                drawn.append(tokens)
        return tuple(drawn)

    def selection(
        self, sentences: tuple[Ints, ...] | list[Ints], *, embeddings: npt.ArrayLike | None = None, **options: Any
    ) -> Selection:
        """The data of these sentences, each followed by what follows its optimal token.

        Args:
            sentences: as `draw` gives them.
            embeddings: (V, d); orthonormal for None.
            options: further arguments of `Selection.from_sentences`.
        """
        following = [int(self.next_token[self.optimal(int(words[-1]), words)]) for words in sentences]
        pairs = list(enumerate(self.next_token.tolist()))
        return Selection.from_sentences(
            [words.tolist() for words in sentences],
            following,
            pairs,
            embeddings=embeddings,
            collocation_weights=self.frequencies,
            **options,
        )


def random_language(
    num_tokens: int = 20, *, seed: int = 0, concentration: float = 3.0, levels: int | None = None
) -> Language:
    """Independent uniform orders for all queries, a random permutation of followers, Dirichlet frequencies.

    Args:
        num_tokens: V, at least 3.
        seed: of all of it.
        concentration: of the Dirichlet distribution, positive; large for nearly equal frequencies.
        levels: None for total orders; k for k levels, each token on any one for each query.

    Raises:
        NTPDataError: numbers out of range.
    """
    V = whole_number(num_tokens, "num_tokens", least=3)
    rng = np.random.default_rng(whole_number(seed, "seed"))
    concentration = real_number(concentration, "concentration", above=0)
    if levels is None:
        rank = np.array([rng.permutation(V) for _ in range(V)])
    else:
        rank = rng.integers(whole_number(levels, "levels", least=2), size=(V, V))
    return Language(rank, rng.permutation(V), rng.dirichlet(np.full(V, concentration)))


def two_level(selection: Selection) -> bool:
    """Whether no token both wins and loses for one query.

    Raises:
        NTPDataError: a token occurs more often than the optimal one of its sentence; nothing is proved then.
    """
    often = np.flatnonzero((selection.counts[:, 1:] > selection.counts[:, :1]).any(axis=1))
    if often.size:
        raise NTPDataError(
            f"sentence {selection.origin[often[0]]} has a token more often than its optimal one; "
            "as often is the most for which two levels are enough"
        )
    return not any(
        (_wins(beats) & _wins(beats.T)).any()
        for beats in map(selection.order, np.unique(selection.query).tolist())
    )


def _wins(beats: Bools) -> Bools:
    return np.asarray(beats.any(axis=1))
