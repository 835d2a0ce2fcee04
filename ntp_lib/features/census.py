"""All families of distinct supports over a few tokens, up to renaming (book: rem-proxy-census)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from ntp_lib.numerics.aliases import Bools
from ntp_lib.numerics.numbers import whole_number


@dataclass(frozen=True)
class FamilyClass:
    """Families of supports that differ by the names of the tokens alone.

    Attributes:
        support: one of them, (m, V).
        size: how many there are.
    """

    support: Bools
    size: int


def census(num_tokens: int) -> list[FamilyClass]:
    """Every nonempty family of distinct proper supports over V tokens, one of each class.

    Args:
        num_tokens: V, from 2 to 4: there are 2^(2^V − 2) − 1 families.

    Returns:
        The classes; their sizes sum to the number of families.

    Example:
        >>> [len(census(V)) for V in (2, 3)]
        [2, 19]
    """
    num_tokens = whole_number(num_tokens, "num_tokens", least=2, most=4)
    masks = np.arange(1, 2**num_tokens - 1)
    bits = (masks[:, None] >> np.arange(num_tokens)) & 1
    families = np.arange(1, 2 ** len(masks))
    members = (families[:, None] >> np.arange(len(masks))) & 1
    images = []
    for order in permutations(range(num_tokens)):
        renamed = bits @ (1 << np.array(order))
        images.append(members @ (1 << (renamed - 1)))
    # A class is named by its least member.
    name = np.min(images, axis=0)
    least, size = np.unique(name, return_counts=True)
    return [
        FamilyClass(bits[members[code - 1].astype(bool)].astype(bool), int(count))
        for code, count in zip(least, size, strict=True)
    ]
