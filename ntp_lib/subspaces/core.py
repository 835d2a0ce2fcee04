"""The core of the supports: the pairs on which the generators of F can depend on each other (book, lem-core).

A relation among the generators is C of shape (m, V), zero off the supports, with rows summing to zero and
Cᵀ·embeddings = 0. A row with one pair left in it vanishes, and so does a column whose contexts are independent.
Both take pairs away, and fewer pairs make more rows and columns vanish; what is left in the end is the core.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.numerics.aliases import Floats, Ints

# Least distance of a unit embedding to the span of those before it at which no further digits are looked at.
PLAINLY_INDEPENDENT = 1e-6


def core(data: NTPData, unit: Floats, tokens: Ints | None = None) -> Ints:
    """Places of the core among the stored probabilities, token by token, contexts increasing within each, (n,).

    Args:
        data: the problem.
        unit: unit embeddings, (m, d).
        tokens: those to be looked at, all others left out of the supports; None for all.
    """
    asked = np.ones(data.vocab_size, dtype=bool)
    if tokens is not None:
        asked[:] = False
        asked[tokens] = True
    places = np.flatnonzero(asked[data.probs.indices])
    places = places[np.argsort(data.probs.indices[places], kind="stable")]
    contexts, owners = data.support_rows[places], data.probs.indices[places].astype(np.int64)
    alive = np.ones(len(places), dtype=bool)
    # A token is looked at again only when pairs of it have gone.
    sizes = np.full(data.vocab_size, -1)
    while True:
        alive &= np.bincount(contexts[alive], minlength=data.num_contexts)[contexts] > 1
        left = np.bincount(owners[alive], minlength=data.vocab_size)
        changed = (left != sizes) & (left > 0)
        sizes = left
        if not changed.any():
            return np.asarray(places[alive])
        starts = np.searchsorted(owners, np.arange(data.vocab_size + 1))
        for v in np.flatnonzero(changed & (left <= unit.shape[1])).tolist():
            part = slice(starts[v], starts[v + 1])
            if are_independent(unit[contexts[part][alive[part]]]):
                alive[part] = False
                sizes[v] = 0


def are_independent(rows: Floats) -> bool:
    """Whether unit vectors, (n, d), are numerically independent."""
    if len(rows) == 1:
        return bool(rows.any())
    lower, info = _cholesky(rows)
    if not info and lower.diagonal().min() > PLAINLY_INDEPENDENT:
        return True
    return column_space(rows).shape[1] == len(rows)


def column_space(rows: Floats) -> Floats:
    """An orthonormal basis of what unit vectors (n, d) map to, (n, r), with r their numerical rank."""
    left, sigma, _ = scipy.linalg.svd(rows, full_matrices=False, check_finite=False)
    keep = sigma > max(rows.shape) * np.finfo(float).eps * max(float(sigma[0]), np.finfo(float).tiny)
    return np.asarray(left[:, keep])


def _cholesky(rows: Floats) -> tuple[Floats, int]:
    lower, info = scipy.linalg.lapack.dpotrf(rows @ rows.T, lower=1)
    return lower, int(info)
