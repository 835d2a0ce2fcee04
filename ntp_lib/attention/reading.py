"""From sentences and collocations in any tokens to numbered ones; what cannot be read is refused by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.numbers import real_numbers


class Reader:
    """The vocabulary, what follows each token, and the sentences in these terms.

    Raises:
        NTPDataError: (R1) a token is followed by two, or by a token outside the vocabulary.
    """

    def __init__(
        self,
        collocations: Sequence[tuple[Hashable, Hashable]],
        weights: npt.ArrayLike | None,
        vocabulary: Sequence[Hashable] | None,
        queries: Sequence[Hashable] | None,
    ) -> None:
        pairs = list(collocations)
        if not pairs:
            raise NTPDataError("collocations are empty; at least one pair (token, what follows it) is needed")
        if vocabulary is None:
            known = [
                *(token for pair in pairs for token in pair[:1]),
                *(pair[1] for pair in pairs),
                *(queries or ()),
            ]
            vocabulary = list(dict.fromkeys(known))
        self.vocabulary: tuple[Any, ...] = tuple(vocabulary)
        self._number = {token: v for v, token in enumerate(self.vocabulary)}
        if len(self._number) < len(self.vocabulary):
            twice = Counter(self.vocabulary).most_common(1)[0][0]
            raise NTPDataError(f"vocabulary has {twice!r} more than once; tokens must be distinct")
        self.next_token = self._followers(pairs)
        shares = _weights(weights, "collocation_weights", len(pairs))
        self.collocation_probs: Floats = np.zeros(len(self.vocabulary))
        np.add.at(self.collocation_probs, [self._number[token] for token, _ in pairs], shares)

    def embeddings(self, given: npt.ArrayLike | None) -> Floats:
        """x_v as rows, (V, d); orthonormal ones for None."""
        V = len(self.vocabulary)
        if given is None:
            return np.eye(V)
        rows = real_array(given, "embeddings", "(V, d)")
        if rows.ndim != 2 or len(rows) != V or not np.isfinite(rows).all():
            raise NTPDataError(f"embeddings of shape {rows.shape}; a finite row for each of {V} tokens is needed")
        return rows

    def sentences(
        self,
        sentences: Sequence[Sequence[Hashable]],
        next_tokens: Sequence[Hashable],
        queries: Sequence[Hashable] | None,
        weights: npt.ArrayLike | None,
    ) -> dict[str, Any]:
        """Query, tokens, counts, probs and origin of `Selection`, equal sentences merged."""
        n = len(sentences)
        if not n:
            raise NTPDataError("sentences are empty; at least one is needed")
        for name, values in (("next_tokens", next_tokens), ("queries", queries)):
            if values is not None and len(values) != n:
                raise NTPDataError(f"{name} has {len(values)} entries for {n} sentences; the two must agree")
        shares = _weights(weights, "weights", n)
        merged: dict[tuple[int, tuple[tuple[int, int], ...]], list[Any]] = {}
        for i, words in enumerate(sentences):
            if not len(words):
                raise NTPDataError(f"sentence {i} is empty; every sentence needs at least one token")
            query = self._known(words[-1] if queries is None else queries[i], f"sentence {i}")
            counts = Counter(self._known(word, f"sentence {i}") for word in words)
            best = self._optimal(i, counts, next_tokens[i])
            others = sorted((token, count) for token, count in counts.items() if token != best)
            key = (query, ((best, counts[best]), *others))
            merged.setdefault(key, [0.0, i])[0] += float(shares[i])
        return _padded(merged)

    def _followers(self, pairs: Sequence[tuple[Hashable, Hashable]]) -> Ints:
        following = np.full(len(self.vocabulary), -1, dtype=np.int64)
        first: dict[int, int] = {}
        for i, (token, follower) in enumerate(pairs):
            x, y = self._known(token, f"pair {i}"), self._known(follower, f"pair {i}")
            if following[x] not in (-1, y):
                raise NTPDataError(
                    f"token {token!r} is followed by {self.vocabulary[following[x]]!r} (pair {first[x]}) and "
                    f"{follower!r} (pair {i}); realisable data have one next token for each (R1)"
                )
            following[x] = y
            first.setdefault(x, i)
        return following

    def _known(self, token: Hashable, where: str) -> int:
        if token not in self._number:
            raise NTPDataError(
                f"{where} has {token!r}, which is not in the vocabulary of {len(self._number)} tokens"
            )
        return self._number[token]

    def _optimal(self, i: int, counts: Counter[int], follower: Hashable) -> int:
        """The one token of the sentence that is followed by what follows the sentence."""
        y = self._known(follower, f"next_tokens[{i}]")
        for token in counts:
            if self.next_token[token] < 0:
                raise NTPDataError(f"sentence {i} has {self.vocabulary[token]!r}, a token without collocation")
        best = [token for token in counts if self.next_token[token] == y]
        if not best:
            raise NTPDataError(f"sentence {i} is followed by {follower!r}, but none of its tokens is (R2)")
        if len(best) > 1:
            a, b = (self.vocabulary[token] for token in best[:2])
            raise NTPDataError(
                f"sentence {i}: both {a!r} and {b!r} are followed by {follower!r}; only one may be (R2)"
            )
        return best[0]


def _weights(given: npt.ArrayLike | None, name: str, count: int) -> Floats:
    """Positive weights divided by their sum, (count,)."""
    if given is None:
        return np.full(count, 1 / count)
    values = real_numbers(given, name)
    if len(values) != count:
        raise NTPDataError(f"{name} has {len(values)} entries; {count} are needed")
    if (values <= 0).any():
        i = int(np.flatnonzero(values <= 0)[0])
        raise NTPDataError(f"{name}[{i}] is {values[i]:g}; weights must be positive")
    return np.asarray(values / values.sum())


def _padded(merged: dict[tuple[int, tuple[tuple[int, int], ...]], list[Any]]) -> dict[str, Any]:
    width = max(len(words) for _, words in merged)
    tokens, counts = (np.zeros((len(merged), width), dtype=np.int64) for _ in range(2))
    for row, (_, words) in enumerate(merged):
        tokens[row] = words[0][0]
        tokens[row, : len(words)], counts[row, : len(words)] = np.transpose(words)
    if width == 1:
        raise NTPDataError("no sentence has two distinct tokens; there is nothing to select")
    return {
        "query": np.array([query for query, _ in merged]),
        "tokens": tokens,
        "counts": counts,
        "probs": np.array([share for share, _ in merged.values()]),
        "origin": np.array([i for _, i in merged.values()]),
    }
