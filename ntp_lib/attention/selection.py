"""Sentences that one of their tokens decides, and what follows each token (book, def-select-data)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ntp_lib.attention import orders
from ntp_lib.attention.reading import Reader
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.margins.separability import separability
from ntp_lib.margins.separability_verdict import Verdict, certified_error
from ntp_lib.margins.svm import ntp_svm
from ntp_lib.numerics.aliases import Bools, Floats, Ints
from ntp_lib.numerics.results import result

ORTHONORMAL = 1e-12


@result
class Selection:
    """Sentences of distinct tokens with counts, the optimal one first; make it by `from_sentences`.

    Attributes:
        embeddings: x_v as rows, (V, d).
        next_token: n(v), (V,); −1 for a token without collocation, which occurs in no sentence.
        collocation_probs: weights of the collocations, (V,), summing to 1.
        query: q of each sentence, (n,).
        tokens: distinct tokens, (n, L), the optimal one in column 0; padded by it.
        counts: how often each occurs in its sentence, (n, L); 0 on the padding.
        probs: weights of the sentences, (n,), summing to 1.
        origin: number of the first sentence given that became this one, (n,).
        vocabulary: names of the V tokens.
    """

    embeddings: Floats = field(repr=False)
    next_token: Ints = field(repr=False)
    collocation_probs: Floats = field(repr=False)
    query: Ints = field(repr=False)
    tokens: Ints = field(repr=False)
    counts: Ints = field(repr=False)
    probs: Floats = field(repr=False)
    origin: Ints = field(repr=False)
    vocabulary: tuple[Any, ...] = field(repr=False)

    @classmethod
    def from_sentences(
        cls,
        sentences: Sequence[Sequence[Hashable]],
        next_tokens: Sequence[Hashable],
        collocations: Sequence[tuple[Hashable, Hashable]],
        *,
        queries: Sequence[Hashable] | None = None,
        embeddings: npt.ArrayLike | None = None,
        weights: npt.ArrayLike | None = None,
        collocation_weights: npt.ArrayLike | None = None,
        vocabulary: Sequence[Hashable] | None = None,
    ) -> Selection:
        """Find the optimal token of every sentence; equal ones (same query and tokens, in any order) are merged.

        Args:
            sentences: n sequences of tokens.
            next_tokens: what follows each sentence.
            collocations: pairs (token, what follows it).
            queries: last token of each sentence, where it is not itself among the tokens that attention reads;
                None for the last of each sequence.
            embeddings: x_v as rows, (V, d); None for orthonormal ones.
            weights: of the sentences, positive; equal ones by default.
            collocation_weights: of the collocations, positive; equal ones by default.
            vocabulary: the V tokens in order; by default those of the collocations as they come, then queries.

        Raises:
            NTPDataError: (R1) a token is followed by two; (R2) no token of a sentence, or more than one, is
                followed by the sentence's next token; or input out of range.

        Example:
            >>> data = Selection.from_sentences(["ab", "bc"], "BC", list(zip("abc", "ABC")), queries="qq")
            >>> [data.vocabulary[token] for token in data.tokens[:, 0]]
            ['b', 'c']
        """
        reader = Reader(collocations, collocation_weights, vocabulary, queries)
        return cls(
            embeddings=reader.embeddings(embeddings),
            next_token=reader.next_token,
            collocation_probs=reader.collocation_probs,
            **reader.sentences(sentences, next_tokens, queries, weights),
            vocabulary=reader.vocabulary,
        )

    @property
    def num_sentences(self) -> int:
        """n, the number of distinct sentences."""
        return len(self.query)

    @property
    def vocab_size(self) -> int:
        """V, the number of tokens."""
        return len(self.embeddings)

    @cached_property
    def orthonormal(self) -> bool:
        """Whether the embeddings are orthonormal, to 1e-12."""
        gram = self.embeddings @ self.embeddings.T
        return bool(np.abs(gram - np.eye(self.vocab_size)).max() <= ORTHONORMAL)

    @property
    def losers(self) -> Bools:
        """Which entries of `tokens[:, 1:]` are tokens, (n, L − 1)."""
        return self.counts[:, 1:] > 0

    @cached_property
    def triples(self) -> Ints:
        """(query, winner, loser) of the N distinct pairs, (N, 3), in order."""
        return np.unique(self._all_triples, axis=0)

    @cached_property
    def _all_triples(self) -> Ints:
        row, column = np.nonzero(self.losers)
        return np.column_stack([self.query[row], self.tokens[row, 0], self.tokens[row, column + 1]])

    @cached_property
    def generators(self) -> Floats:
        """M_i = (x_winner − x_loser) x_qᵀ of the distinct pairs, (N, d, d)."""
        q, winner, loser = self.triples.T
        X = self.embeddings
        return np.einsum("id,ie->ide", X[winner] - X[loser], X[q])

    def pairs(self, weights: npt.ArrayLike | None = None) -> NTPData:
        """NTP data with two tokens and a context for each distinct pair (book, prop-choice-pairs).

        Args:
            weights: of the pairs, (N,), positive; by default Σ π m_loser/m_winner over the sentences of the pair.
        """
        if weights is None:
            row, column = np.nonzero(self.losers)
            share = self.probs[row] * self.counts[row, column + 1] / self.counts[row, 0]
            places = np.unique(self._all_triples, axis=0, return_inverse=True)[1]
            weights = np.bincount(places.ravel(), weights=share)
        weights = np.asarray(weights, dtype=np.float64)
        rows = self.generators.reshape(len(self.triples), -1)
        return NTPData(rows, weights / weights.sum(), np.tile([1.0, 0.0], (len(rows), 1)))

    @cached_property
    def direction(self) -> Floats:
        """W_kq*, (d, d): the shortest W with ⟨M_i, W⟩ ≥ 1 for all pairs.

        Raises:
            NotSeparableError: (R4) no W has them all positive.
        """
        W = np.asarray(ntp_svm(self.pairs(np.ones(len(self.triples)))).W)
        return (W[0] - W[1]).reshape(2 * (self.embeddings.shape[1],))

    @property
    def largest_difference(self) -> float:
        """M, the largest ‖M_i‖."""
        return float(np.linalg.norm(self.generators, axis=(1, 2)).max())

    def order(self, query: int) -> Bools:
        """Whether token a beats token b in a sentence with that query, (V, V)."""
        beats = np.zeros((self.vocab_size, self.vocab_size), dtype=bool)
        _, winner, loser = self.triples[self.triples[:, 0] == query].T
        beats[winner, loser] = True
        return beats

    def longest_chains(self, query: int) -> Ints:
        """D_q(a, b), (V, V): links of the longest chain from a down to b; 0 where transitivity says nothing."""
        return orders.longest_chains(self.order(query))

    def stage_one(self) -> NTPData:
        """The collocations as NTP data: one context for each token, one next token each."""
        known = np.flatnonzero(self.next_token >= 0)
        labels = np.eye(self.vocab_size)[self.next_token[known]]
        names = [self.vocabulary[token] for token in known]
        return NTPData(
            self.embeddings[known],
            self.collocation_probs[known],
            labels,
            vocabulary=self.vocabulary,
            contexts=names,
        )

    def check_realisable(self) -> None:
        """Refuse data on which no attention weights are right everywhere; R1 and R2 were checked when it was made.

        Raises:
            NTPDataError: (R3) a cycle, named with its sentences.
            NotSeparableError: (R4) there is no cycle but the embeddings are dependent; carries the certificate.
            DidNotConvergeError: (R4) was not decided.
        """
        for query in np.unique(self.query):
            cycle = orders.find_cycle(self.order(int(query)))
            if cycle is not None:
                raise NTPDataError(f"query {self.vocabulary[query]!r}: {self._circle(int(query), cycle)}")
        verdict = separability(self.pairs(np.ones(len(self.triples))))
        if verdict.status is Verdict.UNDECIDED:
            raise DidNotConvergeError(f"R4 is undecided: {verdict.reason}")
        if verdict.direction is None:
            raise certified_error(verdict, "no attention weights satisfy all pairs (R4)")

    def _circle(self, query: int, cycle: tuple[int, ...]) -> str:
        links = []
        for winner, loser in pairwise(cycle):
            holds = (self.query == query) & (self.tokens[:, 0] == winner)
            at = int(np.flatnonzero(holds & (self.tokens[:, 1:] == loser).any(axis=1))[0])
            links.append(
                f"{self.vocabulary[winner]!r} beats {self.vocabulary[loser]!r} (sentence {self.origin[at]})"
            )
        count = {2: "both", 3: "all three"}.get(len(links), f"all {len(links)}")
        return f"{', '.join(links)}: no attention weights satisfy {count}"
