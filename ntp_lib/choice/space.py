"""The data subspace of choice data: what the differences of features within a context span."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ntp_lib.choice.pairs import differences, pair_places
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.results import result

if TYPE_CHECKING:
    from ntp_lib.choice.data import ChoiceData

# Singular values below this fraction of the largest are rounding.
RANK_TOLERANCE = 1e-10
# Entries of the matrix of differences up to which it is decomposed: half a gigabyte.
MAX_ENTRIES = 2**26


@result
class ChoiceSubspace:
    """F = span{x_jz − x_jz' : z, z' ∈ S_j} among the matrices of shape (d, d').

    Attributes:
        shape: (d, d').
        basis: an orthonormal basis as columns, (d·d', dim F).
    """

    shape: tuple[int, int]
    basis: Floats = field(repr=False)

    @property
    def dim(self) -> int:
        """The dimension of F."""
        return int(self.basis.shape[1])

    def project(self, W: npt.ArrayLike) -> Floats:
        """P_F W, (d, d')."""
        flat = self._checked(W).ravel()
        return np.asarray((self.basis @ (self.basis.T @ flat)).reshape(self.shape))

    def project_complement(self, W: npt.ArrayLike) -> Floats:
        """W − P_F W, (d, d')."""
        return np.asarray(self._checked(W) - self.project(W))

    def _checked(self, W: npt.ArrayLike) -> Floats:
        array = real_array(W, "W", f"(d, d') = {self.shape}", copy=False)
        if array.shape != self.shape:
            raise NTPDataError(f"W has shape {array.shape}; this subspace needs (d, d') = {self.shape}")
        return array


def choice_subspace(choice: ChoiceData, kept: Bools | None = None) -> ChoiceSubspace:
    """The subspace F of choice data.

    Args:
        choice: the data.
        kept: which candidates count as labels, (n,); those of positive probability by default.

    Raises:
        DidNotConvergeError: the matrix of differences is too large to be decomposed.
    """
    kept = choice.in_support if kept is None else kept
    first, second = pair_places(choice, kept)
    inside = kept[second]
    size = int(np.prod(choice.shape))
    if int(inside.sum()) * size > MAX_ENTRIES:
        raise DidNotConvergeError(
            f"F is spanned by {int(inside.sum())} differences of {size} entries; at most {MAX_ENTRIES} in all are "
            "decomposed"
        )
    rows = differences(choice, first[inside], second[inside])
    if not rows.any():
        return ChoiceSubspace(choice.shape, np.zeros((size, 0)))
    _, values, directions = np.linalg.svd(rows, full_matrices=False)
    return ChoiceSubspace(choice.shape, directions[values > RANK_TOLERANCE * values[0]].T)
