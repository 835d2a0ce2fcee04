"""Choice data: contexts with candidate sets, of which a label names one (book, def-choice-data)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.choice import counting, graph, pairs
from ntp_lib.choice.validation import valid_candidates, valid_label_probs, valid_rows, valid_weights
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.validation import valid_labels
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Bools, Floats, Ints
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.results import result


@result
class ChoiceData:
    """Contexts that choose among candidates c ∈ C_j by logits E_cᵀ W q_j + log m_jc (book, def-choice-data).

    One layer of attention with frozen values and the label head is of this form: q_j embeds the last token of a
    sentence, C_j are its distinct tokens, m_jc says how often each of them occurs. With C_j = V, E = I and m = 1
    the data are those of next-token prediction.

    What every candidate of a context has is stored flat, contexts in order and tokens rising in each, (n,) with
    n = Σ_j |C_j|: `rows` and `tokens` say whose it is.

    Args:
        keys: E_c as rows, shape (K, d).
        queries: q_j as rows, shape (m, d').
        candidates: multiplicities m_jc, shape (m, K), dense or scipy.sparse; 0 where c ∉ C_j.
        label_probs: p̂_jc, shape (m, K), dense or scipy.sparse; rows sum to 1 and lie within the candidates.
        context_probs: π̂_j, shape (m,), positive, summing to 1.
        vocabulary: names of the K tokens, optional.
        query_tokens: names of the queries, one for each context, optional.
        label_sentences: the number of a sentence with each label, in that order, optional; for messages only.

    Raises:
        NTPDataError: naming the offending context and value.

    Example:
        >>> data = ChoiceData.from_sentences(["abq", "bcq", "abcq"], ["a", "b", "a"])
        >>> data.num_contexts, data.num_tokens, data.shape
        (3, 4, (4, 4))
    """

    keys: Floats
    queries: Floats
    candidates: sp.csr_array[np.float64]
    label_probs: sp.csr_array[np.float64]
    context_probs: Floats
    vocabulary: tuple[Any, ...] | None
    query_tokens: tuple[Any, ...] | None
    label_sentences: tuple[int, ...] | None

    def __init__(
        self,
        keys: Any,
        queries: Any,
        candidates: Any,
        label_probs: Any,
        context_probs: Any,
        *,
        vocabulary: Sequence[Any] | None = None,
        query_tokens: Sequence[Any] | None = None,
        label_sentences: Sequence[int] | None = None,
    ) -> None:
        keys = valid_rows(keys, "keys", "(K, d)", "token")
        queries = valid_rows(queries, "queries", "(m, d')", "context")
        counts = valid_candidates(candidates, (len(queries), len(keys)))
        labels = valid_label_probs(label_probs, counts)
        fields = {
            "keys": keys,
            "queries": queries,
            "candidates": counts,
            "label_probs": labels,
            "context_probs": valid_weights(context_probs, len(queries)),
            "vocabulary": valid_labels(vocabulary, "vocabulary", len(keys), "tokens"),
            "query_tokens": valid_labels(query_tokens, "query_tokens", len(queries), "contexts"),
            "label_sentences": valid_labels(label_sentences, "label_sentences", labels.nnz, "stored labels"),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        type(self).__post_init__(self)  # type: ignore[attr-defined]

    @classmethod
    def from_sentences(
        cls,
        sentences: Sequence[Sequence[Any]],
        next_tokens: Sequence[Any],
        embeddings: Mapping[Any, npt.ArrayLike] | npt.ArrayLike | None = None,
        *,
        vocabulary: Sequence[Any] | None = None,
        queries: Sequence[Any] | None = None,
        weights: npt.ArrayLike | None = None,
    ) -> ChoiceData:
        """The data of one layer of attention: each sentence chooses its next token among its own tokens.

        Sentences with one query and one multiset of tokens become one context; their next tokens are its labels.

        Args:
            sentences: sequences of tokens, all str or all int; a str is a sentence of single characters.
            next_tokens: one for each sentence, a token of that sentence.
            embeddings: None for orthonormal ones, a mapping from token to vector, or an array (K, d) whose rows
                belong to `vocabulary`.
            vocabulary: the K tokens in order; by default those of the embeddings, else 0 … the largest for int
                and by first appearance for str.
            queries: one token for each sentence, in place of its last one and not among its candidates for that.
            weights: of the sentences, positive; by default all are equal.

        Raises:
            NTPDataError: naming the sentence: an empty one, a next token that is not in its sentence, a token
                without embedding.

        Example:
            >>> data = ChoiceData.from_sentences([[0, 1, 2], [1, 0, 2]], [0, 1])
            >>> data.num_contexts, data.label_probs.toarray().tolist()
            (1, [[0.5, 0.5, 0.0]])
        """
        return cls(
            **counting.counted(
                sentences, next_tokens, embeddings, vocabulary=vocabulary, queries=queries, weights=weights
            )
        )

    @property
    def num_contexts(self) -> int:
        """m, the number of contexts."""
        return int(self.queries.shape[0])

    @property
    def num_tokens(self) -> int:
        """K, the number of tokens."""
        return int(self.keys.shape[0])

    @property
    def shape(self) -> tuple[int, int]:
        """(d, d'), the shape of W."""
        return int(self.keys.shape[1]), int(self.queries.shape[1])

    @cached_property
    def rows(self) -> Ints:
        """The context of every candidate, (n,)."""
        return np.repeat(np.arange(self.num_contexts), np.diff(self.candidates.indptr))

    @property
    def tokens(self) -> Ints:
        """The token of every candidate, (n,)."""
        return np.asarray(self.candidates.indices, dtype=np.int64)

    @cached_property
    def probs(self) -> Floats:
        """p̂_jc of every candidate, zeros included, (n,)."""
        found = np.zeros(len(self.rows))
        owners = np.repeat(np.arange(self.num_contexts), np.diff(self.label_probs.indptr))
        keys = self.rows * self.num_tokens + self.tokens
        found[np.searchsorted(keys, owners * self.num_tokens + self.label_probs.indices)] = self.label_probs.data
        return found

    @property
    def in_support(self) -> Bools:
        """Whether a candidate is a label of its context, c ∈ S_j, (n,)."""
        return np.asarray(self.probs > 0)

    @cached_property
    def log_counts(self) -> Floats:
        """log m_jc of every candidate, (n,)."""
        return np.log(self.candidates.data)

    @cached_property
    def entropy(self) -> float:
        """−Σ_j π̂_j Σ_c p̂_jc log p̂_jc in nats, the lower bound of the loss."""
        kept = self.in_support
        return float(-(self.context_probs[self.rows[kept]] * self.probs[kept]) @ np.log(self.probs[kept])) + 0.0

    def logits(self, W: npt.ArrayLike) -> Floats:
        """ℓ_jc = E_cᵀ W q_j + log m_jc of every candidate, (n,)."""
        mapped = self.queries @ self.check_weights(W).T
        return np.einsum("nd,nd->n", self.keys[self.tokens], mapped[self.rows]) + self.log_counts

    def log_probabilities(self, W: npt.ArrayLike) -> Floats:
        """Logarithms of the softmax over C_j, (n,)."""
        return self.log_softmax(self.logits(W))

    def log_softmax(self, logits: Floats) -> Floats:
        """Logits less the logarithm of the sum of their exponentials over each context, (n,)."""
        starts = self.candidates.indptr[:-1]
        shifted = logits - np.maximum.reduceat(logits, starts)[self.rows]
        return np.asarray(shifted - np.log(np.add.reduceat(np.exp(shifted), starts))[self.rows])

    def check_weights(self, W: npt.ArrayLike, name: str = "W") -> Floats:
        """Return W as a finite float64 array of shape (d, d'), or raise an `NTPDataError`."""
        array = real_array(W, name, f"(d, d') = {self.shape}", copy=False)
        if array.shape != self.shape:
            raise NTPDataError(f"{name} has shape {array.shape}; these data need (d, d') = {self.shape}")
        if not np.isfinite(array).all():
            raise NTPDataError(f"{name} holds NaN or infinity; every entry must be finite")
        return array

    def pairs(self, weights: npt.ArrayLike | None = None, *, completed: bool = False) -> NTPData:
        """The same conditions and references as next-token data of two tokens; see `ntp_lib.choice.pairs`."""
        return pairs.pair_data(self, weights, completed=completed)

    @cached_property
    def query_groups(self) -> tuple[Ints, tuple[Any, ...]]:
        """The query of every context, (m,), numbered by first appearance of its embedding, and their names."""
        return graph.query_groups(self.queries, self.query_tokens)

    def priority_graph(self, query: Any) -> graph.PriorityGraph:
        """The token-priority graph of a query; see `ntp_lib.choice.graph`.

        Args:
            query: its name, or its number in order of first appearance where queries have no names.

        Raises:
            NTPDataError: there is no such query.
        """
        return graph.priority_graph(self, query)

    @cached_property
    def components(self) -> Ints:
        """Strong components of the token-priority graphs: a number for each query and token, (queries, K)."""
        return np.array([self.priority_graph(name).components for name in self.query_groups[1]])

    @cached_property
    def in_completed(self) -> Bools:
        """Whether a candidate lies in the component of its context's labels, c ∈ S'_j, (n,)."""
        groups = self.query_groups[0]
        own = self.components[groups[self.rows], self.tokens]
        firsts = self.label_probs.indices[self.label_probs.indptr[:-1]]
        return np.asarray(own == self.components[groups, firsts][self.rows])

    @cached_property
    def completed_support(self) -> sp.csr_array[np.bool_]:
        """S'_j = C_j ∩ (the component of S_j) as rows of booleans, (m, K)."""
        kept = self.in_completed
        return sp.csr_array((kept[kept], (self.rows[kept], self.tokens[kept])), self.candidates.shape)

    def __repr__(self) -> str:
        return (
            f"ChoiceData(m={self.num_contexts}, K={self.num_tokens}, W={self.shape[0]}×{self.shape[1]}, "
            f"candidates={self.candidates.nnz}, entropy={self.entropy:.4f} nats)"
        )
