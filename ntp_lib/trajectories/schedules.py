"""Step sizes as a sequence: constant, or falling like a power of the step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count


def step_sizes(step_size: float, decay: float = 0.0) -> Iterator[float]:
    """η_k = η / k^decay for k = 1, 2, …; constant for decay 0."""
    return (step_size / k**decay for k in count(1))
