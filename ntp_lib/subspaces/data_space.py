"""Coordinates of the data space D = F ⊕ (D ∩ F⊥), in which every gradient lies (book, lem-data-space).

A decoder enters the loss through two arrays of logits only: the centred in-support logits of its part in F, and
the margins of its part in F⊥. Each is linear in the coordinates, and its transpose carries residuals back, so that
the two parts of a gradient never meet in one sum where the larger would drown the smaller.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg

from ntp_lib.errors import DidNotConvergeError
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.linearisation import Action, KrylovLinearisation, Linearisation
from ntp_lib.numerics.results import result
from ntp_lib.numerics.row_space import row_space
from ntp_lib.subspaces.dense_space import DenseDataSpace
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

    def linearise(
        self, matrix: Callable[[DenseDataSpace], Floats], action: Action, diagonal: Callable[[], Floats]
    ) -> Linearisation:
        """A Jacobian in these coordinates: as a matrix where the maps are formed, else by action and diagonal."""
        ...

    def finite_solver(self, action: Action) -> Action:
        """A function that solves action(x) = b, for a positive definite action in coordinates of F."""
        ...


def data_space(F: Subspace) -> DataSpace:
    """Coordinates of D: explicit orthonormal bases where they fit, projections of whole matrices beyond."""
    data = F.data
    rank = min(data.num_contexts, data.dim)
    unknowns = (data.vocab_size - 1) * rank
    fits = unknowns * max(data.num_contexts, data.dim) * data.vocab_size <= DENSE_ENTRIES
    return DenseDataSpace(F) if unknowns <= DENSE_UNKNOWNS and fits else ProjectedDataSpace(F)


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
    def _support(self) -> Bools:
        return self.F.data.support_mask

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

    def linearise(
        self, matrix: Callable[[DenseDataSpace], Floats], action: Action, diagonal: Callable[[], Floats]
    ) -> Linearisation:
        """See `DataSpace`."""
        return KrylovLinearisation(action, diagonal())

    def finite_solver(self, action: Action) -> Action:
        """See `DataSpace`: by conjugate gradients; DidNotConvergeError after 5000 of them."""

        def solve(right: Floats) -> Floats:
            operator = LinearOperator((len(right), len(right)), matvec=action)
            solution, status = cg(operator, right, rtol=1e-8, maxiter=5000)
            if status:
                raise DidNotConvergeError("the part in F could not be found in 5000 steps of conjugate gradients")
            return np.asarray(solution)

        return solve

    def _centred(self, logits: Floats) -> Floats:
        shares = self._support / self._support.sum(axis=1, keepdims=True)
        return np.asarray(logits - (shares * logits).sum(axis=1, keepdims=True))
