"""From a token sequence to the distinct contexts and next-token distributions of the paper's §2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from tqdm import tqdm

from ntp_lib.data.embeddings import check_embedding_name, drawn
from ntp_lib.data.encoding import Codes, EncodedTokens, encode, limit_vocabulary, require_whole_number
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats, Ints

# p̂ is handed over as CSR where a dense (m, V) array would hold more entries than this (128 MiB).
MAX_DENSE_ENTRIES = 2**24
# Contexts are named by their tokens up to this many tokens in all names together (m·L).
MAX_LABEL_TOKENS = 2**20


@dataclass(frozen=True, kw_only=True)
class ContextOptions:
    """The options of `counted`, checked before any work is done.

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


@dataclass(frozen=True, eq=False, kw_only=True)
class Counted:
    """What `NTPData` is made of; see there.

    Attributes:
        embeddings: drawn, (m, d).
        context_probs: n_j / n, (m,).
        next_token_probs: n_jz / n_j, (m, V): dense up to `MAX_DENSE_ENTRIES` entries and CSR beyond.
        vocabulary: the tokens by falling frequency, ties by first appearance.
        contexts: tuples of tokens by first appearance; None beyond `MAX_LABEL_TOKENS` tokens in all.
        num_sequences: n = N − L.
    """

    embeddings: Floats
    context_probs: Floats
    next_token_probs: Floats | sp.csr_array[np.float64]
    vocabulary: tuple[Any, ...]
    contexts: list[tuple[Any, ...]] | None
    num_sequences: int


def counted(
    tokens: Sequence[str] | Sequence[int] | npt.NDArray[Any], options: ContextOptions, *, progress: bool = False
) -> Counted:
    """Do what `NTPData.from_tokens` says, up to the data themselves.

    Args:
        tokens: a sequence of str or of int; list, tuple or one-dimensional array.
        options: checked options.
        progress: show a progress bar on stderr.

    Raises:
        NTPDataError: for a sequence that is empty, too short, of one distinct token or of anything but str or int.
    """
    return counted_codes(encode(tokens), options, progress=progress)


def counted_codes(encoded: EncodedTokens, options: ContextOptions, *, progress: bool = False) -> Counted:
    """Do the same for a sequence that is already encoded, its codes numbered by first appearance."""
    context_length = options.context_length
    _refuse_too_few(encoded, context_length)
    encoded = limit_vocabulary(encoded, options.vocab_size)
    codes, names = encoded.codes, encoded.names
    first, context_probs, probs = _count(codes, context_length, len(names), progress=progress)

    def context_codes() -> Codes:
        return np.lib.stride_tricks.sliding_window_view(codes, context_length)[first]

    labels = None
    if len(first) * context_length <= MAX_LABEL_TOKENS:
        labels = [tuple(names[code] for code in row) for row in context_codes().tolist()]
    return Counted(
        embeddings=_embeddings(len(first), context_codes, len(names), options),
        context_probs=context_probs,
        next_token_probs=probs.toarray() if len(first) * len(names) <= MAX_DENSE_ENTRIES else probs,
        vocabulary=names,
        contexts=labels,
        num_sequences=len(codes) - context_length,
    )


def _embeddings(
    num_contexts: int, context_codes: Callable[[], Codes], vocab_size: int, options: ContextOptions
) -> Floats:
    try:
        return drawn(
            options.embedding,
            num_contexts,
            context_codes,
            vocab_size=vocab_size,
            dim=options.dim,
            seed=options.seed,
        )
    except (MemoryError, ValueError):  # ValueError: more entries than an array can have
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


def _count(
    codes: Codes, context_length: int, vocab_size: int, *, progress: bool
) -> tuple[Ints, Floats, sp.csr_array[np.float64]]:
    """Where each distinct context starts first, (m,), and both kinds of probabilities."""
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
    return first, context_counts / len(ids), sp.csr_array((probs, columns, indptr), shape=shape)


def _distinct_contexts(codes: Codes, context_length: int, vocab_size: int, bar: tqdm[Any]) -> tuple[Ints, Ints]:
    """The number of the context at every place, (n,), by first appearance, and the first place of each, (m,)."""
    num_places = len(codes) - context_length
    ids = np.zeros(num_places, dtype=np.int64)
    # Numbers are made dense after every position: below n·V, they never overflow, whatever V^L is.
    for position in range(context_length):
        ids, values = pd.factorize(ids * vocab_size + codes[position : position + num_places])
        bar.update()
        if len(values) == num_places:
            break
    bar.update(context_length - bar.n)
    first = np.empty(len(values), dtype=np.intp)
    # Of several places assigned to one context the last one stays: run backwards, the first.
    first[ids[::-1]] = np.arange(num_places - 1, -1, -1)
    return ids, first
