"""Families of supports whose centred matrix is, or is not, the max-margin one (book, thm-ultrametric)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Bools
from ntp_lib.numerics.numbers import real_number, whole_number

FANO = ((0, 1, 2), (0, 3, 4), (0, 5, 6), (1, 3, 5), (1, 4, 6), (2, 3, 6), (2, 4, 5))
Seed = int | np.random.Generator
# All subsets of a size are listed up to so many.
MAX_SUBSETS = 100_000


def as_supports(sets: Sequence[Sequence[int]], num_tokens: int) -> Bools:
    """Sets of tokens as rows of booleans, (m, V).

    Raises:
        NTPDataError: no set, an empty one, or a token outside 0, …, V − 1.
    """
    num_tokens = whole_number(num_tokens, "num_tokens", least=1)
    if not len(sets):
        raise NTPDataError("sets is empty; a family needs at least one support")
    support = np.zeros((len(sets), num_tokens), dtype=bool)
    for j, tokens in enumerate(sets):
        if not len(tokens):
            raise NTPDataError(f"support {j} is empty; it needs at least one token")
        for token in tokens:
            support[j, whole_number(token, f"a token of support {j}", least=0, most=num_tokens - 1)] = True
    return support


def windows(num_tokens: int, size: int) -> Bools:
    """Supports {j, …, j + size − 1} modulo V, one for each j: words on a circle, (V, V)."""
    num_tokens = whole_number(num_tokens, "num_tokens", least=2)
    size = whole_number(size, "size", least=1, most=num_tokens - 1)
    place = np.arange(num_tokens)
    return np.asarray((place[None] - place[:, None]) % num_tokens < size)


def subsets(num_tokens: int, size: int) -> Bools:
    """All supports of one size, (V choose size, V); size 1 gives the single tokens."""
    num_tokens = whole_number(num_tokens, "num_tokens", least=1)
    size = whole_number(size, "size", least=1, most=num_tokens)
    chosen = combinations(range(num_tokens), size)
    sets = [tokens for _, tokens in zip(range(MAX_SUBSETS + 1), chosen, strict=False)]
    if len(sets) > MAX_SUBSETS:
        raise NTPDataError(
            f"there are more than {MAX_SUBSETS} sets of {size} of {num_tokens} tokens; take fewer tokens"
        )
    return as_supports(sets, num_tokens)


def chain(num_tokens: int) -> Bools:
    """Nested supports {0}, {0, 1}, …, without the whole vocabulary, (V − 1, V)."""
    num_tokens = whole_number(num_tokens, "num_tokens", least=2)
    return np.tri(num_tokens - 1, num_tokens, dtype=bool)


def grid(rows: int, columns: int) -> Bools:
    """Tokens with two independent attributes, a support for each value: (rows + columns, rows·columns)."""
    rows, columns = whole_number(rows, "rows", least=2), whole_number(columns, "columns", least=2)
    first, second = np.divmod(np.arange(rows * columns), columns)
    return np.vstack([np.arange(rows)[:, None] == first, np.arange(columns)[:, None] == second])


def fano() -> Bools:
    """The seven lines of the Fano plane: every two of seven tokens are together once."""
    return as_supports(FANO, 7)


def blocks(num_tokens: int, copies: Sequence[tuple[int, int]]) -> Bools:
    """Consecutive blocks of tokens: for each (size, copies) the blocks of this size, each so many times.

    Sizes that divide each other give a tree: blocks(8, [(4, 2), (2, 2), (1, 1)]).

    Raises:
        NTPDataError: a size that does not divide the vocabulary.
    """
    num_tokens = whole_number(num_tokens, "num_tokens", least=2)
    sets: list[range] = []
    for size, times in copies:
        size = whole_number(size, "size", least=1, most=num_tokens)
        if num_tokens % size:
            raise NTPDataError(f"size {size} does not divide num_tokens = {num_tokens}; blocks must fill it")
        for start in range(0, num_tokens, size):
            sets += [range(start, start + size)] * whole_number(times, "copies", least=1)
    return as_supports(sets, num_tokens)


def random_laminar(num_tokens: int, seed: Seed = 0) -> Bools:
    """A random hierarchy: every two supports are nested or disjoint, and each occurs one to three times.

    Args:
        num_tokens: V, at least three; some tokens may occur in no support.
        seed: of the draws, or a generator to continue.

    Returns:
        (m, V), none of them the whole vocabulary.
    """
    num_tokens = whole_number(num_tokens, "num_tokens", least=3)
    rng = _generator(seed)
    sets: list[Sequence[int]] = []

    def divide(tokens: list[int], parts: int, kept: float) -> None:
        cuts = np.sort(rng.choice(np.arange(1, len(tokens)), parts - 1, replace=False))
        for part in np.split(np.array(tokens), cuts):
            if rng.random() < kept:
                sets.extend([part.tolist()] * int(rng.integers(1, 4)))
                if len(part) > 1:
                    divide(part.tolist(), int(rng.integers(2, min(4, len(part)) + 1)), 0.8)

    while not sets:
        divide(rng.permutation(num_tokens).tolist(), 3, 0.9)
    return as_supports(sets, num_tokens)


def random_supports(num_contexts: int, num_tokens: int, size: int, *, seed: Seed = 0, zipf: float = 0.0) -> Bools:
    """Independent supports of one size, (m, V), whose tokens are drawn one by one without replacement.

    Args:
        num_contexts: m.
        num_tokens: V.
        size: of every support, below V.
        seed: of the draws, or a generator to continue.
        zipf: exponent of the weights 1/rank^zipf of the tokens; 0 makes all sets equally likely.
    """
    num_contexts = whole_number(num_contexts, "num_contexts", least=1)
    num_tokens = whole_number(num_tokens, "num_tokens", least=2)
    size = whole_number(size, "size", least=1, most=num_tokens - 1)
    weights = np.arange(1, num_tokens + 1) ** -real_number(zipf, "zipf", least=0)
    rng = _generator(seed)
    sets = [
        rng.choice(num_tokens, size, replace=False, p=weights / weights.sum()).tolist()
        for _ in range(num_contexts)
    ]
    return as_supports(sets, num_tokens)


def with_probabilities(support: Bools, *, concentration: float | None = None, seed: Seed = 0) -> NTPData:
    """A problem with these supports, contexts equally likely, on the standard basis as embeddings.

    Args:
        support: (m, V).
        concentration: of the Dirichlet distribution on each support; None makes its tokens equally likely.
        seed: of the draws, or a generator to continue.

    Raises:
        NTPDataError: a context without a token.
    """
    support = np.asarray(support, dtype=bool)
    rng = _generator(seed)
    probs = np.zeros(support.shape)
    for j, row in enumerate(support):
        if not row.any():
            raise NTPDataError(f"context {j} has an empty support; it needs at least one token")
        count = int(row.sum())
        if concentration is None:
            probs[j, row] = 1 / count
        else:
            alpha = real_number(concentration, "concentration", above=0)
            probs[j, row] = rng.dirichlet(np.full(count, alpha))
    return NTPData(np.eye(len(support)), np.full(len(support), 1 / len(support)), probs)


def _generator(seed: Seed) -> np.random.Generator:
    return seed if isinstance(seed, np.random.Generator) else np.random.default_rng(whole_number(seed, "seed"))
