"""How far trials may stray from what a theorem says, when several cells are compared at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntp_lib.numerics.numbers import whole_number

# The chance with which a true statement may fail a check of its trials.
LEVEL = 1e-3


def standard_errors(comparisons: int) -> float:
    """How many standard errors the largest of n normal deviations exceeds with a chance of `LEVEL` at most.

    The union bound: each deviation, to either side, has the n-th part of the chance.

    Args:
        comparisons: n.

    Raises:
        NTPDataError: n below 1.

    Example:
        >>> round(standard_errors(1), 2), round(standard_errors(10), 2)
        (3.29, 3.89)
    """
    from scipy.stats import norm

    n = whole_number(comparisons, "comparisons", least=1)
    return float(norm.isf(LEVEL / (2 * n)))


def smallest_tail(
    yes: npt.ArrayLike, trials: npt.ArrayLike, chance: npt.ArrayLike, *, bound: bool = False
) -> float:
    """How improbable the counts of several cells are, if a trial of a cell succeeds with a given chance.

    The least binomial tail probability over the cells times their number, at most one: by the union bound it is
    below any α with a chance of at most α. No normal approximation is made.

    Args:
        yes: successes, (n,).
        trials: of each cell, (n,).
        chance: of a success, (n,).
        bound: the chances are upper bounds, so that only too many successes count against them; otherwise too few
            do as well.
    """
    from scipy.stats import binom

    yes, trials, chance = (np.asarray(values, dtype=np.float64) for values in (yes, trials, chance))
    tail = binom.sf(yes - 1, trials, chance)
    if not bound:
        tail = 2 * np.minimum(tail, binom.cdf(yes, trials, chance))
    return float(min(1.0, len(yes) * tail.min()))
