"""A law of support sizes, from what a caller may pass as `support_size`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.arrays import to_numpy
from ntp_lib.numerics.numbers import real_number

# So that no sum of weights leaves the range of float64.
LARGEST_WEIGHT = 1e100

SupportSize = int | Mapping[int, float] | Sequence[int]


@dataclass(frozen=True)
class SupportSizes:
    """Sizes and their probabilities, of contexts drawn at random.

    Attributes:
        vocab_size: V, at least 2.
        weights: pairs (size, probability), by size; the probabilities sum to one and none is zero.
    """

    vocab_size: int
    weights: tuple[tuple[int, float], ...]

    @property
    def mean(self) -> float:
        """E|S|."""
        return math.fsum(size * weight for size, weight in self.weights)


def support_sizes(vocab_size: int, support_size: SupportSize) -> SupportSizes:
    """Check V and one support size, a sequence of sizes (each as likely as it is frequent) or size → weight.

    Raises:
        NTPDataError: V below 2; a size that is no integer between 1 and V; a weight that is negative or not
            finite; no positive weight; or every support the whole vocabulary, so that no margin is defined.
    """
    V = _integer("vocab_size", vocab_size)
    if V < 2:
        raise NTPDataError(f"vocab_size is {V}; it must be at least 2")
    weights: dict[int, float] = {}
    for size, weight in _pairs(support_size):
        if not 1 <= size <= V:
            raise NTPDataError(f"support_size is {size}; it must be between 1 and vocab_size = {V}")
        weights[size] = real_number(weight, f"the weight of support size {size}", least=0, most=LARGEST_WEIGHT)
    total = math.fsum(weights.values())
    if total <= 0:
        raise NTPDataError("support_size gives no size a positive weight")
    kept = tuple((size, weight / total) for size, weight in sorted(weights.items()) if weight > 0)
    if kept[0][0] == V:
        raise NTPDataError(f"every support is the whole vocabulary of {V} tokens, so no margin is defined")
    return SupportSizes(V, kept)


def _pairs(support_size: SupportSize) -> list[tuple[int, Any]]:
    if isinstance(support_size, Mapping):
        return [(_integer("support_size", size), weight) for size, weight in support_size.items()]
    support_size = to_numpy(support_size, "support_size")
    if isinstance(support_size, np.ndarray):
        support_size = support_size.ravel().tolist()
    if isinstance(support_size, str):
        raise NTPDataError(
            f"support_size is the text {support_size!r}; give an integer, integers or size → weight"
        )
    sizes = support_size if hasattr(support_size, "__iter__") else [support_size]
    return list(Counter(_integer("support_size", size) for size in sizes).items())


def _integer(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise NTPDataError(f"{name} is {value!r}; it must be an integer")
    return int(value)
