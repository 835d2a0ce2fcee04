"""Coordinates of the data space D = F ⊕ (D ∩ F⊥), in which every gradient lies (book, lem-data-space).

A decoder enters the loss through two arrays of logits only: the centred in-support logits of its part in F, and
the margins of its part in F⊥. Each is linear in the coordinates, and its transpose carries residuals back, so that
the two parts of a gradient never meet in one sum where the larger would drown the smaller.
"""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import scipy.linalg

from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.results import result
from ntp_lib.numerics.row_space import row_space
from ntp_lib.subspaces.subspace import Subspace

# Up to this many unknowns, and entries of the logit maps (256 MiB), coordinates are those of explicit bases.
DENSE_UNKNOWNS = 2000
DENSE_ENTRIES = 2**25


class DataSpace(Protocol):
    """Coordinates x of F and y of D ∩ F⊥."""

    @property
    def finite_size(self) -> int:
        """Number of coordinates of F."""
        ...

    @property
    def offset_size(self) -> int:
        """Number of coordinates of D ∩ F⊥."""
        ...

    @property
    def finite_metric(self) -> Floats:
        """g: a gradient has the coordinates g times the derivatives in x, (finite_size,) or ()."""
        ...

    def deviation(self, x: Floats) -> Floats:
        """Logits of the part in F, minus their mean over S_j, (m, V)."""
        ...

    def offset(self, y: Floats) -> Floats:
        """Logits of the part in F⊥ relative to the support: −μ_jv off S_j and exactly 0 on it, (m, V)."""
        ...

    def pull_finite(self, residual: Floats) -> Floats:
        """Transpose of `deviation`."""
        ...

    def pull_offset(self, residual: Floats) -> Floats:
        """Transpose of `offset`: only entries off the supports count."""
        ...

    def embed_finite(self, x: Floats) -> Floats:
        """The matrix of F with coordinates x, (V, d)."""
        ...

    def embed_offset(self, y: Floats) -> Floats:
        """The matrix of D ∩ F⊥ with coordinates y, (V, d)."""
        ...

    def coordinates(self, W: Floats) -> tuple[Floats, Floats]:
        """Coordinates x, y of the projection of W onto D."""
        ...


def data_space(F: Subspace) -> DataSpace:
    """Coordinates of D: explicit orthonormal bases where they fit, projections of whole matrices beyond."""
    data = F.data
    rank = min(data.num_contexts, data.dim)
    unknowns = (data.vocab_size - 1) * rank
    fits = unknowns * max(data.num_contexts, data.dim) * data.vocab_size <= DENSE_ENTRIES
    return DenseDataSpace(F) if unknowns <= DENSE_UNKNOWNS and fits else ProjectedDataSpace(F)


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
    def _support(self) -> npt.NDArray[np.bool_]:
        return self.F.data.probs.toarray() > 0

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


@result
class ProjectedDataSpace:
    """D without bases: both coordinates are whole (V, d) matrices, kept in F and in D ∩ F⊥ by projection."""

    F: Subspace

    @property
    def finite_size(self) -> int:
        """V·d."""
        return self.F.data.vocab_size * self.F.data.dim

    @property
    def offset_size(self) -> int:
        """V·d."""
        return self.finite_size

    @cached_property
    def _support(self) -> npt.NDArray[np.bool_]:
        return self.F.data.probs.toarray() > 0

    @property
    def finite_metric(self) -> Floats:
        """See `DataSpace`."""
        return np.ones(())

    @cached_property
    def _rows(self) -> Floats:
        return row_space(self.F.data.embeddings)

    def deviation(self, x: Floats) -> Floats:
        """See `DataSpace`."""
        logits = self.F.data.embeddings @ self.embed_finite(x).T
        return self._centred(logits)

    def offset(self, y: Floats) -> Floats:
        """See `DataSpace`."""
        return np.where(self._support, 0.0, self._centred(self.F.data.embeddings @ self.embed_offset(y).T))

    def pull_finite(self, residual: Floats) -> Floats:
        """See `DataSpace`."""
        return self.F.project(self._centred(residual).T @ self.F.data.embeddings).ravel()

    def pull_offset(self, residual: Floats) -> Floats:
        """See `DataSpace`: the mass taken off the support is given back to it in equal shares."""
        outside = np.where(self._support, 0.0, residual)
        shares = self._support / self._support.sum(axis=1, keepdims=True)
        balanced = outside - shares * outside.sum(axis=1, keepdims=True)
        return self.F.project_complement(balanced.T @ self.F.data.embeddings).ravel()

    def embed_finite(self, x: Floats) -> Floats:
        """See `DataSpace`."""
        return x.reshape(self.F.data.vocab_size, self.F.data.dim)

    def embed_offset(self, y: Floats) -> Floats:
        """See `DataSpace`."""
        return self.embed_finite(y)

    def coordinates(self, W: Floats) -> tuple[Floats, Floats]:
        """See `DataSpace`."""
        seen = (W - W.mean(axis=0)) @ self._rows @ self._rows.T
        finite = self.F.project(seen)
        return finite.ravel(), (seen - finite).ravel()

    def _centred(self, logits: Floats) -> Floats:
        shares = self._support / self._support.sum(axis=1, keepdims=True)
        return np.asarray(logits - (shares * logits).sum(axis=1, keepdims=True))
