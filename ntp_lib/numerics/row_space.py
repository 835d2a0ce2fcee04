"""The span of some vectors, by one rule for the whole library."""

from __future__ import annotations

import numpy as np

from ntp_lib.numerics.aliases import Floats


def row_space(rows: Floats) -> Floats:
    """Orthonormal basis of the span of the rows, (d, rank).

    Directions with a singular value below rounding, max(n, d) · ε of the largest, do not count; zero rows span
    nothing.
    """
    _, sigma, basis = np.linalg.svd(rows, full_matrices=False)
    return np.asarray(basis[sigma > sigma[0] * max(rows.shape) * np.finfo(float).eps].T)
