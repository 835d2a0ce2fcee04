"""The data subspace F and its orthogonal projections (paper, (5))."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.linalg

from ntp_lib.data.identity import require_same_data
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import ArrayKind
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.block_projection import BlockProjection
from ntp_lib.subspaces.in_support import InSupportDifferences
from ntp_lib.subspaces.relations import Relations

# F is projected on through an orthonormal basis while the generators have this many entries: half a second's work.
# Beyond, token blocks are quicker.
DENSE_ENTRIES = 2**20
# Coordinates of F are those of such a basis up to this many entries (64 MiB), and beyond they come from the Gram
# matrix of the N generators, up to MAX_GENERATORS.
BASIS_ENTRIES = 2**23
MAX_GENERATORS = 6000


@result
class Factorisation:
    """A = U diag(σ) Qᵀ cut at the numerical rank; Q is kept only where it is small."""

    U: Floats
    sigma: Floats
    Q: Floats | None
    tolerance: float


@result
class Subspace:
    """F = span{(e_z − e_z') h̄_jᵀ : z, z' ∈ S_j} ⊂ R^{V×d} and its complement F⊥.

    Use `ntp_lib.subspace(data)`. The rank is decided on unit embeddings: singular values below
    `rank_tolerance` times the largest count as zero; where the generators are too many for them, see `Relations`.
    """

    data: NTPData

    @cached_property
    def differences(self) -> InSupportDifferences:
        """The map A whose row space is F."""
        return InSupportDifferences(self.data)

    @cached_property
    def factorisation(self) -> Factorisation:
        """Singular value decomposition of A, dense or through its Gram matrix.

        Raises:
            DidNotConvergeError: the problem has more generators than a dense Gram matrix can hold.
        """
        count, width = self.differences.count, self.data.vocab_size * self.data.dim
        if count == 0:
            return Factorisation(np.zeros((0, 0)), np.zeros(0), np.zeros((width, 0)), 0.0)
        if count * width <= BASIS_ENTRIES:
            U, sigma, Qt = scipy.linalg.svd(self.differences.matrix(), full_matrices=False)
            tolerance = float(max(count, width) * np.finfo(float).eps)
            keep = sigma > tolerance * sigma[0]
            return Factorisation(U[:, keep], sigma[keep], Qt[keep].T, tolerance)
        if count > MAX_GENERATORS:
            raise DidNotConvergeError(
                f"F has N = {count} generators; a basis is formed only up to N = {MAX_GENERATORS} (dim and "
                "projections still work; take fewer contexts, or a smaller vocabulary, for a basis)"
            )
        values, U = scipy.linalg.eigh(self.differences.gram())
        # Squaring costs half the digits: singular values below √ε are not seen.
        tolerance = float(np.sqrt(count * np.finfo(float).eps))
        sigma = np.sqrt(np.clip(values, 0, None))
        keep = sigma > tolerance * sigma[-1]
        return Factorisation(U[:, keep], sigma[keep], None, tolerance)

    @property
    def dim(self) -> int:
        """dim F, the numerical rank of the generators.

        Raises:
            DidNotConvergeError: too many contexts depend on each other for a rank decision (see `Relations`).
        """
        if self.is_dense:
            return len(self.factorisation.sigma)
        return self.differences.count - self.relations.dim

    @property
    def rank_tolerance(self) -> float:
        """Relative size below which a singular value counts as zero."""
        return self.factorisation.tolerance

    @property
    def is_dense(self) -> bool:
        """Whether F is small enough to be projected on, and its dimension counted, through a basis."""
        return self.differences.count * self.data.vocab_size * self.data.dim <= DENSE_ENTRIES

    @property
    def is_factored(self) -> bool:
        """Whether F is small enough for coordinates: a basis, or the Gram matrix of the generators."""
        width = self.data.vocab_size * self.data.dim
        return self.differences.count <= max(MAX_GENERATORS, BASIS_ENTRIES // width)

    @cached_property
    def relations(self) -> Relations:
        """The relations among the generators, N − dim F of them independent."""
        return Relations.of(self.data)

    @cached_property
    def blocks(self) -> BlockProjection:
        """Token blocks that project onto F."""
        return BlockProjection(self.differences)

    @cached_property
    def basis(self) -> Floats:
        """An orthonormal basis of F, shape (dim F, V, d)."""
        factors = self.factorisation
        shape = (len(factors.sigma), self.data.vocab_size, self.data.dim)
        if factors.Q is not None:
            return factors.Q.T.reshape(shape)
        return np.array([self.embed(row) for row in np.eye(shape[0])]).reshape(shape)

    def embed(self, x: Floats) -> Floats:
        """The matrix of F with coordinates x in the orthonormal basis, shape (V, d)."""
        factors = self.factorisation
        if factors.Q is not None:
            return (factors.Q @ x).reshape(self.data.vocab_size, self.data.dim)
        return self.differences.adjoint(factors.U @ (x / factors.sigma))

    def coordinates(self, W: Floats) -> Floats:
        """Coordinates of P_F W in the orthonormal basis, shape (dim F,)."""
        factors = self.factorisation
        if factors.Q is not None:
            return factors.Q.T @ W.ravel()
        return (factors.U.T @ self.differences.apply(W)) / factors.sigma

    def project(self, W: npt.ArrayLike) -> Any:
        """P_F W, shape (V, d), of the kind of W."""
        return ArrayKind.of(W).convert(self._projected(self.data.check_decoder(W)))

    def _projected(self, decoder: Floats) -> Floats:
        if not self.is_dense:
            try:
                return self.blocks.project(decoder)
            except DidNotConvergeError:
                # Nearly parallel contexts are beyond the blocks; a basis, which takes longer, bears them.
                if not self.is_factored:
                    raise
        first = self.embed(self.coordinates(decoder))
        # A second pass removes the rounding of the first: twice is enough.
        return first + self.embed(self.coordinates(decoder - first))

    def lengths(self, decoders: Floats) -> Floats:
        """‖P_F W‖ of K decoders (K, V, d), shape (K,); of a difference it is the distance on F."""
        if self.is_dense and self.factorisation.Q is not None:
            return np.asarray(np.linalg.norm(decoders.reshape(len(decoders), -1) @ self.factorisation.Q, axis=1))
        return np.array([np.linalg.norm(self.project(W)) for W in decoders])

    def project_complement(self, W: npt.ArrayLike) -> Any:
        """P_⊥ W = W − P_F W, shape (V, d), of the kind of W; its in-support logit differences vanish."""
        decoder = self.data.check_decoder(W)
        rest = decoder - self._projected(decoder)
        return ArrayKind.of(W).convert(rest - self._projected(rest))

    def nearest_relation(self, values: Floats) -> Floats:
        """The multipliers nearest to given ones that have rows of sum zero and no moments, (nnz,).

        Args:
            values: for unit embeddings, at the stored probabilities, (nnz,).

        Raises:
            DidNotConvergeError: the levels of the contexts were not found (see `Relations`).
        """
        if not self.is_dense:
            return self.relations.nearest(values)
        U, contrasts = self.factorisation.U, self.differences.contrasts
        y = contrasts @ values
        for _ in range(2):
            y = y - U @ (U.T @ y)
        return np.asarray(contrasts.T @ y)

    def nearest_to_logits(self, logits: Floats) -> Floats:
        """The element of F whose in-support logits come nearest to given ones in least squares, (V, d).

        Args:
            logits: for unit embeddings, at the stored probabilities, (nnz,); levels of contexts do not count.

        Raises:
            DidNotConvergeError: it was not found, the embeddings being too nearly dependent.
        """
        if not self.is_dense:
            # What no decoder can meet is taken off first, and all of the rest can be met.
            met = logits - self.nearest_relation(logits)
            try:
                return self.blocks.least(met[self.blocks.places])
            except DidNotConvergeError:
                if not self.is_factored:
                    raise
        factors, differences = self.factorisation, self.differences
        targets = differences.contrasts @ logits
        W = self.embed((factors.U.T @ targets) / factors.sigma)
        return W + self.embed((factors.U.T @ (targets - differences.apply(W))) / factors.sigma)


def subspace(data: NTPData) -> Subspace:
    """The data subspace F of a problem (paper, (5)).

    Args:
        data: the problem.

    Returns:
        An object with `dim`, `project(W)`, `project_complement(W)` and an orthonormal `basis`.

    Example:
        >>> from ntp_lib import synthetic
        >>> subspace(synthetic.toy_2d()).dim
        6
    """
    return Subspace(data)


def subspace_of(data: NTPData, F: Subspace | None) -> Subspace:
    """The subspace of a problem, which a caller may have computed already.

    Raises:
        NTPDataError: F is not a subspace, or that of other data.
    """
    if F is None:
        return subspace(data)
    if not isinstance(F, Subspace):
        raise NTPDataError(f"F is {type(F).__name__}; it must be what ntp_lib.subspace returns, or None")
    require_same_data(F.data, data, "F")
    return F
