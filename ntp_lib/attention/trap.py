"""Realisable data on which the second stage never learns one sentence (book, prop-select-trap)."""

from __future__ import annotations

import numpy as np

from ntp_lib.attention.selection import Selection
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_number, whole_number


def trap(num_rivals: int, num_tokens: int, *, query_inside: bool = False) -> Selection:
    """h_1, …, h_r > i > j > k_1, …, k_r in sentences of two: {i, j} → i, {h_a, i} → h_a, {j, k_a} → j.

    Tokens are i = 0, j = 1, h_a = 1 + a, k_a = 1 + r + a, the query V − 1; x is followed by x + 1, the last by 0.

    Args:
        num_rivals: r, at least 1.
        num_tokens: V, at least 2r + 3.
        query_inside: whether the query is itself a token of every sentence, which all others beat.

    Raises:
        NTPDataError: numbers out of range.

    Example:
        >>> trap(8, 21).num_sentences
        17
    """
    r = whole_number(num_rivals, "num_rivals", least=1, most=10**4)
    V = whole_number(num_tokens, "num_tokens", least=2 * r + 3, most=10**5)
    sentences, best = [(0, 1)], [0]
    for a in range(r):
        sentences += [(2 + a, 0), (1, 2 + r + a)]
        best += [2 + a, 1]
    if query_inside:
        sentences = [(*words, V - 1) for words in sentences]  # type: ignore[misc]
    return Selection.from_sentences(
        sentences,
        [(token + 1) % V for token in best],
        [(token, (token + 1) % V) for token in range(V)],
        queries=[V - 1] * len(sentences),
    )


def trap_margins(margins: Floats) -> tuple[float, float]:
    """s_1 = u_i − u_j and s_2, the margin of all other sentences, from the margins (n, L − 1) of `trap`.

    Raises:
        NTPDataError: the other margins differ, as they do for no W that is symmetric in the rivals.
    """
    others = margins[1:, 0]
    s_1, s_2 = float(margins[0, 0]), float(np.median(others))
    if np.ptp(others) > 1e-6 * max(1.0, abs(s_1), abs(s_2)):
        raise NTPDataError(
            f"margins of the rivals lie between {others.min():g} and {others.max():g}; one is needed"
        )
    return s_1, s_2


def in_trap(s_1: float, s_2: float) -> bool:
    """Whether s_1 ≤ 0 ≤ s_2 ≤ |s_1|, to 1e-9 of the larger: a region that no step leaves if r ≥ 2/β."""
    slack = 1e-9 * max(abs(s_1), abs(s_2))
    return s_1 <= slack and s_2 >= -slack and s_2 <= -s_1 + slack


def least_rivals(scale: float, num_tokens: int) -> float:
    """2/β = 2(e^τ + V − 1)/V: with at least so many rivals the trap is proved (book, prop-select-trap).

    Args:
        scale: τ of the values, positive.
        num_tokens: V.

    Example:
        >>> round(least_rivals(3.0, 21), 2)
        3.82
    """
    scale = real_number(scale, "scale", above=0, most=300)
    V = whole_number(num_tokens, "num_tokens", least=2)
    return float(2 * (np.exp(scale) + V - 1) / V)
