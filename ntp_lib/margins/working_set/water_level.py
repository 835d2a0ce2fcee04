"""The projection into the cones on a working set: a water level for every context (book, lem-water-level)."""

from __future__ import annotations

import numpy as np

from ntp_lib.margins.working_set.pairs import Pairs
from ntp_lib.numerics.aliases import Floats

# Newton's steps for the levels: they end by themselves, after two or three from the last levels.
MAX_STEPS = 60
# Levels that move by less than this have settled, absolutely and relatively.
SETTLED = 1e-12


def taken(point: Floats, pairs: Pairs, levels: Floats) -> Floats:
    """What lies between a point and its projection into the cones, (p,).

    Args:
        point: shifted logits on the pairs, (p,).
        pairs: the working set.
        levels: where Newton's method for the levels starts, (m,); the levels found are written here.
    """
    contexts, starts = pairs.contexts, pairs.starts[:-1]
    floor = np.where(pairs.support, -np.inf, 0.0)
    for _ in range(MAX_STEPS):
        above = point - levels[contexts]
        counts = np.add.reduceat(above > floor, starts, dtype=np.float64)
        change = np.add.reduceat(np.maximum(above, floor), starts) / counts
        levels += change
        if np.all(np.abs(change) <= SETTLED * (1 + np.abs(levels))):
            break
    return np.maximum(point - levels[contexts], floor)
