"""Class geometry of cross-entropy with vanishing weight decay and one-hot labels, in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ntp_lib.contrastive.unconstrained import class_sizes
from ntp_lib.numerics.aliases import Floats


def decay_cosines(sizes: Sequence[int]) -> tuple[Floats, Floats]:
    """Cosines of the classes' embeddings and of the words, each (k, k), as weight decay vanishes.

    Labels are one-hot with n_a contexts of class a. The logits tend in direction to the centred supports (book,
    thm-ultrametric), whose balanced factors have, with C = P diag(n) P and P = I − 11ᵀ/k, the Gram matrices
    C^{+1/2} of the embeddings, one row a class, and C^{1/2} of the words.

    Raises:
        NTPDataError: fewer than two classes, or a class of one.

    Example:
        >>> contexts, words = decay_cosines([8, 8, 2, 2])
        >>> bool(contexts[2, 3] < -1 / 3 < words[2, 3])
        True
    """
    counts = class_sizes(sizes)
    k = len(counts)
    P = np.eye(k) - 1 / k
    values, vectors = np.linalg.eigh(P @ np.diag(counts.astype(float)) @ P)
    roots, basis = np.sqrt(values[1:]), vectors[:, 1:]  # the first is zero, with the constant vector
    return _cosines((basis / roots) @ basis.T), _cosines((basis * roots) @ basis.T)


def _cosines(gram: Floats) -> Floats:
    lengths = np.sqrt(np.diag(gram))
    return np.asarray(gram / np.outer(lengths, lengths))
