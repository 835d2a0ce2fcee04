"""Coordinates of the data space in explicit bases: see `ntp_lib.subspaces.data_space`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
import scipy.linalg

from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.linearisation import (
    Action,
    BlockLinearisation,
    Curvature,
    DenseLinearisation,
    PlainLinearisation,
)
from ntp_lib.numerics.results import result
from ntp_lib.numerics.row_space import row_space
from ntp_lib.subspaces.subspace import Subspace

# From this many coordinates on Newton's equations are solved faster by token blocks than as one matrix,
BLOCK_UNKNOWNS = 150
# where contexts are independent by at least this share: blocks square what there is to lose.
LEAST_SIGMA = 1e-4


@result
class DenseDataSpace:
    """D in bases of F and of D ∩ F⊥, with the logits of every basis element.

    The basis of D ∩ F⊥ is orthonormal. That of F is orthogonal, and scaled so that the in-support differences of
    unit embeddings are orthonormal: nearly parallel contexts make the parts of F that tell them apart very long,
    and in coordinates of length one the rounding of the others would drown what they do to the logits.
    """

    F: Subspace

    @property
    def finite_size(self) -> int:
        """dim F."""
        return len(self._bases[0])

    @property
    def offset_size(self) -> int:
        """dim D − dim F."""
        return len(self._bases[1])

    @property
    def finite_metric(self) -> Floats:
        """See `DataSpace`."""
        return self._sizes**2

    @property
    def _sizes(self) -> Floats:
        """Inverse lengths of the basis of F: the singular values of the in-support differences."""
        return self.F.factorisation.sigma

    @cached_property
    def _support(self) -> Bools:
        return self.F.data.support_mask

    @cached_property
    def _bases(self) -> tuple[Floats, Floats]:
        """Orthonormal bases, each (dim, V, d). D is (centred columns) ⊗ (row space), and QR completes F in it."""
        data = self.F.data
        rows = row_space(data.embeddings)
        V, r = data.vocab_size, rows.shape[1]
        centred = scipy.linalg.helmert(V)
        reduced = np.einsum("av,nvd,dr->arn", centred, self.F.basis, rows, optimize=True).reshape((V - 1) * r, -1)
        full = scipy.linalg.qr(reduced, mode="full")[0][:, reduced.shape[1] :]
        rest = np.einsum("av,arn,dr->nvd", centred, full.reshape(V - 1, r, -1), rows, optimize=True)
        return self.F.basis, rest

    @cached_property
    def finite_map(self) -> Floats:
        """The matrix of `deviation`, (m·V, dim F)."""
        logits = np.einsum("nvd,jd->jvn", self._bases[0], self.F.data.embeddings, optimize=True)
        return self._centred(logits).reshape(self._support.size, self.finite_size) / self._sizes

    @cached_property
    def offset_map(self) -> Floats:
        """The matrix of `offset`, (m·V, dim D − dim F)."""
        logits = np.einsum("nvd,jd->jvn", self._bases[1], self.F.data.embeddings, optimize=True)
        relative = np.where(self._support[:, :, None], 0.0, self._centred(logits))
        return relative.reshape(self._support.size, self.offset_size)

    @cached_property
    def joint_map(self) -> Floats:
        """Both maps side by side, (m·V, dim D)."""
        return np.hstack([self.finite_map, self.offset_map])

    def _centred(self, logits: Floats) -> Floats:
        weights = self._support / self._support.sum(axis=1, keepdims=True)
        return np.asarray(logits - np.einsum("jv,jvn->jn", weights, logits)[:, None, :])

    def deviation(self, x: Floats) -> Floats:
        """See `DataSpace`."""
        return (self.finite_map @ x).reshape(self._support.shape)

    def offset(self, y: Floats) -> Floats:
        """See `DataSpace`."""
        return (self.offset_map @ y).reshape(self._support.shape)

    def pull_finite(self, residual: Floats) -> Floats:
        """See `DataSpace`."""
        return np.asarray(residual.ravel() @ self.finite_map)

    def pull_offset(self, residual: Floats) -> Floats:
        """See `DataSpace`."""
        return np.asarray(residual.ravel() @ self.offset_map)

    def pull(self, residual: Floats) -> tuple[Floats, Floats]:
        """See `DataSpace`."""
        return self.pull_finite(residual), self.pull_offset(residual)

    def embed_finite(self, x: Floats) -> Floats:
        """See `DataSpace`."""
        return np.tensordot(x / self._sizes, self._bases[0], axes=1)

    def embed_offset(self, y: Floats) -> Floats:
        """See `DataSpace`."""
        return np.tensordot(y, self._bases[1], axes=1)

    def coordinates(self, W: Floats) -> tuple[Floats, Floats]:
        """See `DataSpace`."""
        in_F, rest = self._bases
        return self._sizes * np.tensordot(in_F, W, axes=2), np.tensordot(rest, W, axes=2)

    def linearise(
        self, matrix: Callable[[DenseDataSpace], Floats], curvature: Callable[[], Curvature]
    ) -> PlainLinearisation:
        """See `DataSpace`: by token blocks where these are faster and lose nothing."""
        if not self._has_blocks:
            return DenseLinearisation(matrix(self))
        return BlockLinearisation(self._rows, self._gram, self, curvature())

    @cached_property
    def _has_blocks(self) -> bool:
        if self.finite_size + self.offset_size < BLOCK_UNKNOWNS:
            return False
        lengths = np.linalg.svd(self.F.data.embeddings, compute_uv=False)
        independent = self.F.data.num_contexts <= len(lengths) and lengths[-1] > LEAST_SIGMA * lengths[0]
        return bool(independent and self._sizes.min(initial=1.0) > LEAST_SIGMA)

    @cached_property
    def _rows(self) -> Floats:
        embeddings = self.F.data.embeddings
        return embeddings @ row_space(embeddings)

    @cached_property
    def _gram(self) -> Floats:
        return self._rows @ self._rows.T

    @cached_property
    def _whole(self) -> Floats:
        """Both bases as matrices (V, r) in one array, (dim D, V·r)."""
        basis = np.concatenate(self._bases) @ row_space(self.F.data.embeddings)
        return basis.reshape(len(basis), -1)

    def joined(self, state: Floats, stretch: float | None) -> Floats:
        """See `WholeMatrices`."""
        size = self.finite_size
        if stretch is None:
            whole = state @ self._whole[size:]
        else:
            whole = np.concatenate([state[:size] / (stretch * self._sizes), state[size:]]) @ self._whole
        return whole.reshape(self.F.data.vocab_size, -1)

    def parted(self, matrix: Floats, stretch: float | None) -> Floats:
        """See `WholeMatrices`."""
        size = self.finite_size
        if stretch is None:
            return self._whole[size:] @ matrix.ravel()
        state = self._whole @ matrix.ravel()
        state[:size] *= stretch * self._sizes
        return state

    def finite_solver(self, action: Action) -> Action:
        """See `DataSpace`: by Cholesky's factors."""
        columns = [action(e) for e in np.eye(self.finite_size)]
        factor = scipy.linalg.cho_factor(np.array(columns), lower=True)
        return lambda right: np.asarray(scipy.linalg.cho_solve(factor, right))
