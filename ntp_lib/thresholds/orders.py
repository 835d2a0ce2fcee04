"""The chance that some vector induces a random order: Cover's other count (book, thm-capacity-orders)."""

from __future__ import annotations

import numpy as np

from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import whole_number

# A quarter of a second; beyond, V − H_V says all there is to know.
MOST_TOKENS = 20_000


def ordering_probability(*, tokens: int, dim: int) -> float:
    """Chance P that a uniformly random order of V points in general position is that of ⟨w, x⟩ for some w in R^d.

    Of the V! orders Q(V, d) are induced, with Q(n + 1, d) = Q(n, d) + n Q(n, d − 1), Q(1, d) = 1 and Q(n, 0) = 0
    for n > 1 (Cover 1967). For the shares Q(n, d)/n! the recursion adds positive numbers only.

    Args:
        tokens: V, at least 1.
        dim: d, at least 1.

    Returns:
        P = Q(V, d)/V!; one for d ≥ V − 1. For Q ≤ d queries with independent embeddings and independent random
        orders, all of them are induced at once with chance P^Q.

    Raises:
        NTPDataError: tokens or dim below 1, or more than 20000 tokens.

    Example:
        >>> ordering_probability(tokens=3, dim=1), ordering_probability(tokens=12, dim=11)
        (0.333..., 1.0)
    """
    tokens = whole_number(tokens, "tokens", least=1, most=MOST_TOKENS)
    dim = whole_number(dim, "dim", least=1)
    if dim >= tokens - 1:
        return 1.0
    shares = np.zeros(dim + 1)  # Q(n, k)/n! for k = 0, …, d
    shares[1:] = 1.0
    below = np.empty(dim + 1)
    # Q(1, 0) = 1 serves the first step alone: one point is in order without any dimension.
    shares[0] = 1.0
    for n in range(1, tokens):
        below[0], below[1:] = 0.0, shares[:-1]
        shares += n * below
        shares /= n + 1
        shares[0] = 0.0
    return float(shares[dim])


def cycle_probabilities(tokens: int) -> Floats:
    """Chances that a random permutation of V things has k cycles: [V, k]/V!, k = 0, …, V, shape (V + 1,).

    [V, k] are the unsigned Stirling numbers. The number of cycles is a sum of independent draws, the i-th of
    which is one with chance 1/i. By them P of `ordering_probability` is 2 Σ_{k = V−d+1, V−d+3, …} [V, k]/V!.

    Raises:
        NTPDataError: tokens below 1, or more than 20000.
    """
    tokens = whole_number(tokens, "tokens", least=1, most=MOST_TOKENS)
    chances = np.zeros(tokens + 1)
    chances[0] = 1.0
    for i in range(1, tokens + 1):
        chances[1:] = chances[1:] * (1 - 1 / i) + chances[:-1] / i
        chances[0] *= 1 - 1 / i
    return chances


def ordering_dimension(*, tokens: int) -> float:
    """V − H_V, H_V = 1 + ½ + … + 1/V: about the dimension at which `ordering_probability` passes one half.

    It is V less the mean number of cycles of a random permutation, and the spread of that number is about √log V.

    Raises:
        NTPDataError: tokens below 1, or more than 20000.
    """
    tokens = whole_number(tokens, "tokens", least=1, most=MOST_TOKENS)
    return float(tokens - (1 / np.arange(1, tokens + 1)).sum())
