"""Growth exponents: slopes of log time against log size, one per repeat."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ntp_lib.companion.benchmarks.records import CaseResult, Ending, Measurement
from ntp_lib.companion.benchmarks.timing import Spread, spread


def growth_exponent(cases: Iterable[CaseResult], series: str, contender: str) -> Spread | None:
    """The exponent a of time ~ sizeᵃ, by least squares on logarithms, with its spread over the repeats.

    Args:
        cases: cases, of which those of the series count.
        series: its name.
        contender: whose times.

    Returns:
        Least, median and largest slope over as many repeats as every size has; None below three sizes.
    """
    points = sorted(series_of(cases, series, contender), key=lambda point: point[0])
    if len(points) < 3:
        return None
    sizes = np.log([size for size, _ in points])
    repeats = min(len(found.seconds) for _, found in points)
    times = np.log([found.seconds[:repeats] for _, found in points])
    return spread(np.polyfit(sizes, times, 1)[0].tolist())


def series_of(cases: Iterable[CaseResult], series: str, contender: str) -> list[tuple[float, Measurement]]:
    """Sizes and measurements of a contender along a series, where it was accurate enough."""
    return [
        (float(case.parameters["size"]), found)
        for case in cases
        if case.parameters.get("series") == series
        and (found := case.find(contender)) is not None
        and found.outcome is Ending.REACHED
    ]
