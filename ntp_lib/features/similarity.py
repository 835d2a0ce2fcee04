"""Comparing embeddings by the angles between their rows, which rotations and lengths do not change."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array

# Rows, and singular values, that are shorter than this beside the longest are taken for rounding.
NEGLIGIBLE_ROW = 1e-12
NEGLIGIBLE_SINGULAR_VALUE = 1e-9


def cosine_similarities(rows: npt.ArrayLike) -> Floats:
    """Cosines of the angles between all pairs of rows.

    The loss does not see a vector added to all rows of a decoder: take `without_mean_row(W)` before words are
    compared.

    Args:
        rows: one vector per row, shape (n, d).

    Returns:
        Shape (n, n), symmetric, with ones on the diagonal. A row of length zero (below 1e-12 of the longest) has
        no angle; its cosines are set to zero, with itself too.

    Raises:
        NTPDataError: no matrix of finite numbers, or a matrix without rows or columns.

    Example:
        >>> cosine_similarities([[3, 4], [4, 3]]).round(2).tolist()
        [[1.0, 0.96], [0.96, 1.0]]
    """
    vectors = _matrix(rows, "rows", "(n, d)")
    largest = float(np.abs(vectors).max())
    vectors = vectors / largest if largest else vectors
    lengths = np.linalg.norm(vectors, axis=1)
    present = lengths > NEGLIGIBLE_ROW * lengths.max()
    units = np.where(present[:, None], vectors, 0.0) / np.where(present, lengths, 1.0)[:, None]
    cosines = np.clip(units @ units.T, -1.0, 1.0)
    np.fill_diagonal(cosines, present.astype(float))
    return np.asarray(cosines)


def similarity_correlation(left: npt.ArrayLike, right: npt.ArrayLike) -> float:
    """Pearson's correlation, over pairs i < j of rows, of the cosines in one matrix with those in another.

    One means that the two sets of vectors have the same angles up to a scale and a shift; neither their dimensions
    nor rotations of either matter.

    Args:
        left: shape (n, d), n ≥ 3.
        right: shape (n, d'), row i for the same word or context as row i of `left`.

    Raises:
        NTPDataError: rows that do not correspond, fewer than three, or cosines that are all equal on one side, of
            which no correlation exists.

    Example:
        >>> round(similarity_correlation([[1, 0], [1, 1], [0, 1]], [[2, 0], [1, 2], [0, 1]]), 3)
        0.866
    """
    a, b = _matrix(left, "left", "(n, d)"), _matrix(right, "right", "(n, d')")
    if len(a) != len(b) or len(a) < 3:
        raise NTPDataError(
            f"left has {len(a)} rows and right {len(b)}; both need the same number of rows, three at least"
        )
    pairs = np.triu_indices(len(a), 1)
    x, y = cosine_similarities(a)[pairs], cosine_similarities(b)[pairs]
    for name, cosines in (("left", x), ("right", y)):
        if np.ptp(cosines) <= NEGLIGIBLE_ROW:
            raise NTPDataError(f"all cosines of {name} are {cosines[0]:.3g}; a correlation needs two that differ")
    return float(np.corrcoef(x, y)[0, 1])


def without_mean_row(rows: npt.ArrayLike) -> Floats:
    """The rows minus their mean: of a decoder (V, d), the part that the loss can see."""
    vectors = _matrix(rows, "rows", "(n, d)")
    return np.asarray(vectors - vectors.mean(axis=0))


def balanced_factors(logits: npt.ArrayLike) -> tuple[Floats, Floats]:
    """The factors of least weight decay: with Λ = UΣQᵀ, W = QΣ^½ and H = UΣ^½ (book, lem-nuclear-factors).

    Args:
        logits: Λ, shape (m, V).

    Returns:
        W of shape (V, r) and H of shape (m, r), H Wᵀ = Λ, with WᵀW = HᵀH = Σ falling along the diagonal; r counts
        singular values above 1e-9 of the largest. Columns are determined up to a common sign, and up to rotations
        where singular values are equal.

    Raises:
        NTPDataError: no matrix of finite numbers, or one of zeros only.
    """
    L = _matrix(logits, "logits", "(m, V)")
    if not L.any():
        raise NTPDataError("logits are all zero; they have no direction to factor")
    U, sizes, Qt = np.linalg.svd(L, full_matrices=False)
    kept = sizes > NEGLIGIBLE_SINGULAR_VALUE * sizes[0]
    roots = np.sqrt(sizes[kept])
    return Qt[kept].T * roots, U[:, kept] * roots


def _matrix(value: npt.ArrayLike, name: str, shape: str) -> Floats:
    array = real_array(value, name, shape)
    if array.ndim != 2 or not array.size:
        raise NTPDataError(f"{name} has shape {array.shape}; a matrix {shape} with entries is needed")
    if not np.isfinite(array).all():
        row, column = (int(i[0]) for i in np.nonzero(~np.isfinite(array)))
        raise NTPDataError(f"{name} has the entry {array[row, column]} at ({row}, {column}); it must be finite")
    return array
