"""Random sentences for one layer of attention, with or without components of more than one token."""

from __future__ import annotations

import numpy as np

from ntp_lib.choice.data import ChoiceData
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.numerics.numbers import whole_number

MOST_DRAWS = 10_000


def random_choice(
    *,
    tokens: int,
    dim: int,
    sentences: int,
    length: int,
    seed: int | np.random.SeedSequence = 0,
    cyclic: bool | None = None,
    unit: bool = True,
) -> ChoiceData:
    """Sentences of distinct tokens, the last of which is the query, followed by one of them at random.

    Args:
        tokens: K.
        dim: of the Gaussian embeddings, which are keys and queries at once.
        sentences: how many.
        length: tokens in each, at most K.
        seed: of embeddings and sentences.
        cyclic: draw again until some context keeps more than its labels (True), or until no component has more
            than one token of a sentence (False), and until some candidate is given up; None takes the first draw.
        unit: embeddings of length one.

    Raises:
        NTPDataError: an argument outside its range.
        DidNotConvergeError: no draw in ten thousand is of the kind asked for.

    Example:
        >>> random_choice(tokens=5, dim=3, sentences=4, length=3, seed=1).shape
        (3, 3)
    """
    tokens, dim = whole_number(tokens, "tokens", least=2), whole_number(dim, "dim", least=1)
    sentences = whole_number(sentences, "sentences", least=1)
    length = whole_number(length, "length", least=2)
    if length > tokens:
        raise NTPDataError(f"length is {length}; a sentence of distinct tokens has at most {tokens}")
    rng = np.random.default_rng(seed)
    for _ in range(MOST_DRAWS):
        keys = rng.standard_normal((tokens, dim))
        if unit:
            keys /= np.linalg.norm(keys, axis=1, keepdims=True)
        rows = [rng.permutation(tokens)[:length].tolist() for _ in range(sentences)]
        labels = [int(rng.choice(row)) for row in rows]
        choice = ChoiceData.from_sentences(rows, labels, keys)
        kept = choice.in_completed
        several = int(kept.sum()) > choice.num_contexts
        if cyclic is None or (several is cyclic and not kept.all()):
            return choice
    raise DidNotConvergeError(
        f"no draw in {MOST_DRAWS} had {'a' if cyclic else 'no'} component of several tokens and a candidate that "
        "is given up; take more tokens or fewer sentences"
    )
