"""The count of equations over every set of tokens, for vocabularies small enough to try them all."""

from itertools import combinations

import numpy as np


def largest_ratio(support):
    """Over all sets of at least two tokens."""
    V = support.shape[1]
    sets = [X for size in range(2, V + 1) for X in combinations(range(V), size)]
    return max(np.maximum(support[:, X].sum(axis=1) - 1, 0).sum() / (len(X) - 1) for X in sets)
