"""Least, median and largest: what is said about a handful of wall times, and about ratios of two of them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Least, median and largest of some numbers."""

    low: float
    median: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """The spread of at least one number.

    Raises:
        ValueError: there is none.
    """
    if not values:
        raise ValueError("no values, so no spread; at least one is needed")
    return Spread(min(values), statistics.median(values), max(values))


def ratio(over: Spread, under: Spread) -> Spread:
    """The ratio of two times; its ends pair the most and the least favourable ones of all repeats."""
    return Spread(over.low / under.high, over.median / under.median, over.high / under.low)
