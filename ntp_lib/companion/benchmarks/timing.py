"""Least, median and largest of a handful of wall times, of ratios of two, and of growth exponents."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


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


def growth_exponent(points: Sequence[tuple[float, Sequence[float]]]) -> Spread | None:
    """The exponent a of time ~ sizeᵃ, by least squares on logarithms, with its spread over the repeats.

    Args:
        points: sizes and the times of their repeats.

    Returns:
        Least, median and largest slope over as many repeats as every size has; None below three sizes.
    """
    if len(points) < 3:
        return None
    repeats = min(len(times) for _, times in points)
    times = np.log([times[:repeats] for _, times in points])
    return spread(np.polyfit(np.log([size for size, _ in points]), times, 1)[0].tolist())
