"""The threshold of separability where each support misses one token, a theorem (book, thm-one-off)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.numbers import real_numbers

# By how much probabilities may miss one: float32 input is taken, as by `NTPData`.
SUM_TOLERANCE = 1e-6


def one_off_threshold(token_probs: Any) -> float:
    """(m/d)* for supports that miss one token each, the missing one drawn from p (book, thm-one-off).

    With Gaussian embeddings and m, d large at fixed p: almost all data below it are separable, almost none beyond.

        ψ_c = min over sets X of at least two tokens of [1 − p(X)/(2(|X| − 1))]⁻¹.

    Of the sets of one size the one with the least p(X) decides, that of the tokens missing least often. Tokens
    that no support misses are alike in every context; they count as one.

    Args:
        token_probs: p, shape (V,): nonnegative, of sum one.

    Returns:
        ψ_c, above 1 and at most 2.

    Raises:
        NTPDataError: fewer than two tokens, a probability that is negative or no finite number, a sum not one.

    Example:
        >>> round(one_off_threshold([0.6, 0.3, 0.1]), 4)
        1.25
        >>> round(one_off_threshold([0.25] * 4), 4)  # the threshold law, (V − 1)/(V − 3/2)
        1.2
    """
    probs = real_numbers(token_probs, "token_probs")
    if len(probs) < 2:
        raise NTPDataError(f"token_probs has {len(probs)} entry; at least two tokens are needed")
    negative = np.flatnonzero(probs < 0)
    if len(negative):
        raise NTPDataError(f"token_probs[{negative[0]}] is {probs[negative[0]]:g}; probabilities are not negative")
    total = math.fsum(probs)
    if abs(total - 1) > SUM_TOLERANCE:
        raise NTPDataError(f"token_probs sum to {total:.9g}; they must sum to 1 (divide them by their sum)")
    missed = np.sort(probs / total)
    missed = missed[max(0, int((missed == 0).sum()) - 1) :]
    shares = np.cumsum(missed)[1:] / np.arange(1, len(missed))
    return float(1 / (1 - shares.min() / 2))
