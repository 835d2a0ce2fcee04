"""How many contexts with their own candidates some parameters carry (book, thm-capacity-choice-law)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.arrays import to_numpy
from ntp_lib.numerics.numbers import whole_number
from ntp_lib.thresholds.pinned import pinned_tokens
from ntp_lib.thresholds.support_sizes import SupportSize, support_sizes

# Pairs (l, s) and their chances.
Sizes = list[tuple[tuple[int, int], float]]


def choice_threshold(*, candidates: int | Sequence[int], support_size: SupportSize) -> float:
    """Contexts per parameter below which random choice data are separable (book, thm-capacity-choice-law).

    A theorem for features x_jc that are independent Gaussian vectors of D dimensions, as D → ∞. For the D = d²
    parameters of a key–query matrix the features are products of embeddings, and the number is a prediction.

    Args:
        candidates: l, the size of every candidate set; or one size for each context.
        support_size: |S|. With one l, as for `threshold`: a size, several, equally likely, or size → weight. With
            a size for each context, one support size for all of them or one for each.

    Returns:
        (n/D)* = 1 / E[|S| − 1 + a], where a is the number of candidates that the water level of l Gaussian values
        pins.

    Raises:
        NTPDataError: a size below 1, a support larger than its candidate set, sequences of unequal length, or
            every support the whole of its candidate set, so that no margin is defined.

    Example:
        >>> [round(choice_threshold(candidates=size, support_size=1), 4) for size in (2, 3, 4)]
        [2.0, 1.2, 0.9193]
    """
    sizes = _pairs(candidates, support_size)
    if all(size == among for (among, size), _ in sizes):
        raise NTPDataError("every support is the whole of its candidate set, so no margin is defined")
    return 1 / math.fsum(chance * (size - 1 + _pinned(among, size)) for (among, size), chance in sizes)


def choice_compatibility_threshold(*, candidates: int | Sequence[int], support_size: SupportSize) -> float:
    """(n/D)_c = 1 / (E|S| − 1): beyond it, equations between supported candidates outnumber the parameters.

    For features in general position this is exact: n(E|S| − 1) equations in D unknowns.

    Args:
        candidates: as for `choice_threshold`.
        support_size: as for `choice_threshold`.

    Returns:
        The ratio; infinite where every support is one candidate.

    Raises:
        NTPDataError: as for `choice_threshold`, but full supports are allowed where sizes come one by one.
    """
    equations = math.fsum(chance * (s - 1) for (_, s), chance in _pairs(candidates, support_size))
    return float("inf") if equations == 0 else 1 / equations


def _pinned(candidates: int, size: int) -> float:
    return 0.0 if size == candidates else pinned_tokens(candidates, size).mean


def _pairs(candidates: Any, support_size: Any) -> Sizes:
    candidates, support_size = to_numpy(candidates, "candidates"), to_numpy(support_size, "support_size")
    if not hasattr(candidates, "__len__") or np.ndim(candidates) == 0:
        among = whole_number(candidates, "candidates", least=2)
        return [((among, size), chance) for size, chance in support_sizes(among, support_size).weights]
    counts = Counter(context_sizes(candidates, support_size))
    return [(pair, count / counts.total()) for pair, count in sorted(counts.items())]


def context_sizes(candidates: Any, support_size: Any) -> list[tuple[int, int]]:
    """Read (l_j, s_j) of every context, from a sequence of candidate sizes and one support size or as many.

    Raises:
        NTPDataError: candidates that are no sequence, a mapping of support sizes, sequences of unequal length; a
            size below 1, or a support larger than its candidate set.
    """
    candidates, support_size = to_numpy(candidates, "candidates"), to_numpy(support_size, "support_size")
    if not hasattr(candidates, "__len__") or np.ndim(candidates) == 0:
        raise NTPDataError(f"candidates is {candidates!r}; one size for each context is needed")
    if isinstance(support_size, Mapping):
        raise NTPDataError("support_size is a mapping and candidates a sequence: give one size for each context")
    every = np.ravel(np.asarray(candidates, dtype=object)).tolist()
    each = np.ravel(np.asarray(support_size, dtype=object)).tolist()
    each = each * len(every) if len(each) == 1 else each
    if not every or len(each) != len(every):
        raise NTPDataError(
            f"candidates has {len(every)} entries and support_size {len(each)}; a context needs one of each"
        )
    sizes = []
    for j, (some, size) in enumerate(zip(every, each, strict=True)):
        among = whole_number(some, f"candidates[{j}]", least=1)
        sizes.append((among, whole_number(size, f"support_size[{j}]", least=1, most=among)))
    return sizes
