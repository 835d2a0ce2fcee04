"""From a token sequence to the distinct contexts and next-token distributions of the paper's §2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from tqdm import tqdm

from ntp_lib.data.embeddings import EmbeddingDraw, check_embedding_name
from ntp_lib.data.encoding import Codes, EncodedTokens, encode, limit_vocabulary, require_whole_number
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.source import Source
from ntp_lib.errors import NTPDataError

Ints = npt.NDArray[np.int64]

# p̂ is handed over as CSR where a dense (m, V) array would hold more entries than this (128 MiB).
MAX_DENSE_ENTRIES = 2**24
# Contexts are named by their tokens up to this many tokens in all names together (m·L).
MAX_LABEL_TOKENS = 2**20


@dataclass(frozen=True, kw_only=True)
class ContextOptions:
    """The options of `data_from_tokens`, checked before any work is done.

    Attributes:
        context_length: L, at least 1.
        dim: d, at least 1.
        seed: of the embeddings, at least 0.
        embedding: one of `ntp_lib.data.embeddings.EMBEDDINGS`.
        vocab_size: V at most, at least 2; None keeps every token.
    """

    context_length: int
    dim: int
    seed: int
    embedding: str
    vocab_size: int | None

    def __post_init__(self) -> None:
        require_whole_number(self.context_length, "context_length", at_least=1)
        require_whole_number(self.dim, "dim", at_least=1)
        require_whole_number(self.seed, "seed", at_least=0)
        check_embedding_name(self.embedding)
        if self.vocab_size is not None:
            require_whole_number(self.vocab_size, "vocab_size", at_least=2)


def data_from_tokens(
    tokens: Sequence[str] | Sequence[int] | npt.NDArray[Any],
    *,
    context_length: int = 2,
    dim: int = 64,
    seed: int = 0,
    embedding: str = "independent",
    vocab_size: int | None = None,
    progress: bool = False,
) -> NTPData:
    """Count the distinct contexts of a token sequence (paper, §2).

    Every run of L = `context_length` tokens that another token follows is one training sequence, so a sequence
    of N tokens gives n = N − L of them. With n_j the number of times context j occurs and n_jz the number of times
    token z follows it, π̂_j = n_j / n and p̂_jz = n_jz / n_j.

    Tokens are numbered by falling frequency, ties by first appearance; contexts by first appearance. The
    vocabulary and, up to `MAX_LABEL_TOKENS` tokens in all, the contexts (tuples of tokens) are kept as labels of
    the result; `contexts` is None beyond. p̂ is dense up to `MAX_DENSE_ENTRIES` entries and CSR beyond.

    Args:
        tokens: a sequence of str or of int; list, tuple or one-dimensional array.
        context_length: L, at least 1.
        dim: d, the embedding dimension, at least 1.
        seed: of the embeddings.
        embedding: "independent" (a Gaussian vector per context) or "composed" (summed from token vectors); see
            `ntp_lib.data.embeddings`.
        vocab_size: keep the `vocab_size` − 1 most frequent tokens and turn the others into one, "<other>", in
            the contexts too; None keeps every token.
        progress: show a progress bar on stderr.

    Returns:
        The data, with n as `num_sequences`.

    Raises:
        NTPDataError: for a sequence that is empty, too short, of one distinct token or of anything but str or int,
            and for options out of range.

    Example:
        >>> data = data_from_tokens("a b a c a b".split(), context_length=1, dim=4)
        >>> data.vocabulary, data.contexts
        (('a', 'b', 'c'), (('a',), ('b',), ('c',)))
        >>> data.next_token_probs[0].round(3).tolist()
        [0.0, 0.667, 0.333]
    """
    options = ContextOptions(
        context_length=context_length, dim=dim, seed=seed, embedding=embedding, vocab_size=vocab_size
    )
    return data_from_encoded(encode(tokens), options, progress=progress)


def data_from_encoded(
    encoded: EncodedTokens, options: ContextOptions, *, source: Source | None = None, progress: bool
) -> NTPData:
    """Do what `data_from_tokens` says for a sequence that is already encoded.

    Args:
        encoded: the sequence, codes numbered by first appearance.
        options: checked options.
        source: the text the tokens are from, kept with the data.
        progress: show a progress bar on stderr.

    Raises:
        NTPDataError: for a sequence that is empty, too short or of one distinct token.
    """
    context_length = options.context_length
    _refuse_too_few(encoded, context_length)
    encoded = limit_vocabulary(encoded, options.vocab_size)
    codes, names = encoded.codes, encoded.names
    counted = _count(codes, context_length, len(names), progress=progress)
    num_contexts = len(counted.first)

    def context_codes() -> Codes:
        return np.lib.stride_tricks.sliding_window_view(codes, context_length)[counted.first]

    labels = None
    if num_contexts * context_length <= MAX_LABEL_TOKENS:
        labels = [tuple(names[code] for code in row) for row in context_codes().tolist()]
    dense = num_contexts * len(names) <= MAX_DENSE_ENTRIES
    draw = EmbeddingDraw(options.embedding, num_contexts, context_codes, len(names), options.dim, options.seed)
    try:
        return NTPData(
            draw,
            counted.context_probs,
            counted.probs.toarray() if dense else counted.probs,
            vocabulary=names,
            contexts=labels,
            num_sequences=len(codes) - context_length,
            source=source,
        )
    except MemoryError:
        raise NTPDataError(
            f"dim is {options.dim}; {num_contexts:,} embeddings of it take "
            f"{8 * num_contexts * options.dim:,} bytes, more memory than there is"
        ) from None


def _refuse_too_few(encoded: EncodedTokens, context_length: int) -> None:
    num_tokens = len(encoded.codes)
    if num_tokens == 0:
        raise NTPDataError("tokens is empty; at least one context and the token after it are needed")
    if num_tokens <= context_length:
        raise NTPDataError(
            f"tokens has length {num_tokens}, shorter than one context of context_length = {context_length} and "
            f"its next token; at least {context_length + 1} tokens are needed"
        )
    if len(encoded.names) < 2:
        raise NTPDataError(f"tokens holds one distinct token, {encoded.names[0]!r}; at least 2 are needed (V ≥ 2)")


@dataclass(frozen=True, eq=False)
class _Counted:
    first: Ints  # where each distinct context starts first, (m,)
    context_probs: npt.NDArray[np.float64]
    probs: sp.csr_array[np.float64]


def _count(codes: Codes, context_length: int, vocab_size: int, *, progress: bool) -> _Counted:
    with tqdm(total=context_length + 1, desc="counting contexts", disable=not progress, delay=0.5) as bar:
        ids, first = _distinct_contexts(codes, context_length, vocab_size, bar)
        context_counts = np.bincount(ids)
        keys = ids.astype(np.int64) * vocab_size + codes[context_length:]
        pairs, pair_counts = np.unique(keys, return_counts=True)
        bar.update()
    rows, columns = np.divmod(pairs, vocab_size)
    rows = rows.astype(np.intp)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(rows))])
    probs = pair_counts / context_counts[rows]
    shape = (len(first), vocab_size)
    return _Counted(first, context_counts / len(ids), sp.csr_array((probs, columns, indptr), shape=shape))


def _distinct_contexts(codes: Codes, context_length: int, vocab_size: int, bar: tqdm[Any]) -> tuple[Ints, Ints]:
    """Return the number of the context at every place, (n,), and the first place of every context, (m,)."""
    num_places = len(codes) - context_length
    ids = np.zeros(num_places, dtype=np.intp)
    # Numbers are made dense after every position: below n·V, they never overflow, whatever V^L is.
    for position in range(context_length):
        keys = ids.astype(np.int64) * vocab_size + codes[position : position + num_places]
        values, ids = np.unique(keys, return_inverse=True)
        bar.update()
        if len(values) == num_places:
            break
    bar.update(context_length - bar.n)
    first = np.empty(len(values), dtype=np.intp)
    # Of several places assigned to one context the last one stays: run backwards, the first.
    first[ids[::-1]] = np.arange(num_places - 1, -1, -1)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[ids], first[order]
