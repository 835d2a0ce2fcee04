"""The chance that random choice data are separable, exactly (book, thm-capacity-choice-chance)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import whole_number
from ntp_lib.thresholds.choice import context_sizes
from ntp_lib.thresholds.pinned import pinned_distribution


def choice_probability(*, candidates: Sequence[int], support_size: int | Sequence[int], parameters: int) -> float:
    """Chance that contexts with given numbers of candidates are separable, for Gaussian features of D dimensions.

    The features are independent standard Gaussian vectors. Let τ = Σ_j (s_j − 1 + a_j) with independent a_j, the
    numbers of candidates that the water levels pin. The chance is 2 P(τ < D, D − τ odd) for D < N = Σ_j (l_j − 1),
    and one for D ≥ N. For two candidates it is `cover_probability`.

    Args:
        candidates: l_j, one size for each context.
        support_size: s_j, one size for each context or one for all.
        parameters: D.

    Raises:
        NTPDataError: as for `choice_threshold`; candidates that are no sequence; D below 1.

    Example:
        >>> choice_probability(candidates=[3, 3, 3, 3], support_size=1, parameters=3)
        0.407...
    """
    sizes, D = context_sizes(candidates, support_size), whole_number(parameters, "parameters", least=1)
    if all(among == size for among, size in sizes):
        raise NTPDataError("every support is the whole of its candidate set, so no margin is defined")
    if sum(among - 1 for among, _ in sizes) <= D:
        return 1.0
    # The largest value of τ is N > D, so that D entries are left.
    return min(1.0, 2 * float(codimension_law(sizes, most=D - 1)[::-2].sum()))


def codimension_law(sizes: Sequence[tuple[int, int]], *, most: int) -> Floats:
    """P(τ = k) for k = 0, …, most, or to the largest value of τ if that is less.

    Args:
        sizes: (l_j, s_j) of every context.
        most: the largest k that is needed.
    """
    law = np.ones(1)
    for (among, size), count in Counter(sizes).items():
        one = np.concatenate([np.zeros(size - 1), pinned_distribution(among, size)])
        for _ in range(count):
            law = np.convolve(law, one)[: most + 1]
    return law
