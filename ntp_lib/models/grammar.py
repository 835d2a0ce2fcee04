"""A grammar of a dozen objects, so small that every context and its supports can be named."""

from __future__ import annotations

from dataclasses import field

import numpy as np
import numpy.typing as npt

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.numerics.numbers import real_number, whole_number
from ntp_lib.numerics.results import result

NAMES = ("Ana", "Omar", "Mei", "Tom")
TIMES = ("today", "often")
# What may follow: food and tools, sweet and savoury, garden and kitchen.
SWEET, SAVOURY = ("plum", "cake", "honey"), ("bread", "cheese", "soup")
GARDEN, KITCHEN = ("spade", "rake", "hoe"), ("pan", "knife", "spoon")
OBJECTS = (*SWEET, *SAVOURY, *GARDEN, *KITCHEN)
# Which objects a verb takes: every two sets are nested or disjoint.
NESTED = {
    "tastes": SWEET + SAVOURY,
    "repairs": GARDEN + KITCHEN,
    "sweetens": SWEET,
    "salts": SAVOURY,
    "shoulders": GARDEN,
    "rinses": KITCHEN,
    "glazes": ("plum", "cake"),
    "toasts": ("bread", "cheese"),
    "swings": ("spade", "rake"),
    "heats": ("pan", "spoon"),
}
ALONE = ("picks", "bakes", "drizzles", "kneads", "grates", "ladles", "plants", "drags", "lifts", "scours",
         "sharpens", "licks")  # fmt: skip
# One object of each class: these sets cut across the others.
CROSSING = {"carries": ("plum", "bread", "spade", "pan"), "draws": ("cake", "cheese", "rake", "knife")}
WORDS = (*TIMES, *NAMES, "gladly", "some", *NESTED, *ALONE, *CROSSING)
# Share of the uniform law in every law of several objects, so that none of them is rare.
EVEN = 0.1


@result
class Grammar:
    """Sentences without their last word.

    Attributes:
        data: objects as vocabulary, contexts as tuples of words, all of one weight; embeddings are the standard
            basis.
        tokens: the contexts as places in `words`, (m, 5).
        words: what contexts are made of.
    """

    data: NTPData
    tokens: npt.NDArray[np.int64] = field(repr=False)
    words: tuple[str, ...] = field(repr=False)


def grammar(*, crossing: bool = False, seed: int = 0, concentration: float = 2.0) -> Grammar:
    """Contexts like "often Mei gladly bakes some", whose verb decides which objects may follow.

    Ten verbs for several objects stand with each of four names: equal supports, different probabilities. Twelve
    verbs for one object stand with one name. Their supports are nested or disjoint, so that the proxy is the only
    solution of least nuclear norm (book, thm-ultrametric).

    Args:
        crossing: add two verbs whose objects cut across the classes; then the proxy is no solution.
        seed: of the probabilities.
        concentration: of their Dirichlet law; a tenth of every law is uniform.

    Raises:
        NTPDataError: an argument outside its range.

    Example:
        >>> sentences = grammar()
        >>> " ".join(sentences.data.contexts[0]), sentences.data.num_contexts, sentences.data.vocab_size
        ('today Ana gladly tastes some', 52, 12)
    """
    rng = np.random.default_rng(whole_number(seed, "seed"))
    concentration = real_number(concentration, "concentration", above=0)
    taken: dict[str, tuple[str, ...]] = NESTED | {verb: (OBJECTS[i],) for i, verb in enumerate(ALONE)}
    taken = taken | (CROSSING if crossing else {})
    pairs = [
        (name, verb) for verb, objects in taken.items() for name in (NAMES if len(objects) > 1 else NAMES[:1])
    ]
    contexts = [(TIMES[j % 2], name, "gladly", verb, "some") for j, (name, verb) in enumerate(pairs)]
    probs = np.zeros((len(pairs), len(OBJECTS)))
    for row, (_, verb) in zip(probs, pairs, strict=True):
        places = [OBJECTS.index(item) for item in taken[verb]]
        drawn = rng.dirichlet(np.full(len(places), concentration))
        row[places] = (1 - EVEN) * drawn + EVEN / len(places)
    m = len(pairs)
    data = NTPData(np.eye(m), np.full(m, 1 / m), probs, vocabulary=OBJECTS, contexts=contexts)
    tokens = np.array([[WORDS.index(word) for word in context] for context in contexts])
    return Grammar(data, tokens, WORDS)
