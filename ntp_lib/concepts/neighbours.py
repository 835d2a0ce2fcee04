"""Whether the nearest neighbours of a word are words of its class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ntp_lib.concepts.word_classes import WORD_CLASSES
from ntp_lib.errors import NTPDataError
from ntp_lib.features.similarity import cosine_similarities
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import whole_number


def words_by_class(
    vocabulary: Sequence[Any], classes: Mapping[str, Sequence[str]] = WORD_CLASSES
) -> dict[str, list[int]]:
    """The places of each class's words in a vocabulary; classes of fewer than two are left out.

    Example:
        >>> words_by_class(["the", "cat", "a"], {"determiners": ["a", "an", "the"], "pets": ["cat", "dog"]})
        {'determiners': [0, 2]}
    """
    place = {word: i for i, word in enumerate(vocabulary)}
    found = {name: sorted(place[word] for word in words if word in place) for name, words in classes.items()}
    return {name: places for name, places in found.items() if len(places) > 1}


def neighbour_precision(
    embeddings: Floats, classes: Mapping[str, Sequence[int]], *, nearest: int = 5
) -> dict[str, float]:
    """The share of a word's nearest neighbours that belong to its class, averaged over each class.

    Neighbours are the words of largest cosine among all V; ties fall to the earlier word.

    Args:
        embeddings: one row per word, (V, d).
        classes: places of the words of each class; no word in two.
        nearest: how many neighbours.

    Raises:
        NTPDataError: no class or an empty one, a place that no word has, a word in two classes, or more neighbours
            than other words.
    """
    cosines = cosine_similarities(embeddings)
    nearest = whole_number(nearest, "nearest", least=1, most=len(cosines) - 1)
    if not classes:
        raise NTPDataError("classes is empty; at least one class of words is needed")
    label = np.full(len(cosines), -1)
    for number, (name, places) in enumerate(classes.items()):
        if not len(places):
            raise NTPDataError(f"class {name!r} is empty; leave it out")
        for place in places:
            whole_number(place, f"a place of class {name!r}", least=0, most=len(cosines) - 1)
            if label[place] >= 0:
                raise NTPDataError(f"word {place} of class {name!r} is in another class too, or twice in this one")
            label[place] = number
    np.fill_diagonal(cosines, -np.inf)
    precision = {}
    for number, (name, places) in enumerate(classes.items()):
        closest = np.argsort(-cosines[list(places)], axis=1, kind="stable")[:, :nearest]
        precision[name] = float((label[closest] == number).mean())
    return precision


def chance_precision(classes: Mapping[str, Sequence[int]], vocab_size: int) -> float:
    """What random neighbours give on average over the classes: the mean of (size − 1)/(V − 1).

    Raises:
        NTPDataError: no class, or fewer than two words.
    """
    vocab_size = whole_number(vocab_size, "vocab_size", least=2)
    if not classes:
        raise NTPDataError("classes is empty; at least one class of words is needed")
    return float(np.mean([(len(places) - 1) / (vocab_size - 1) for places in classes.values()]))
