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
from ntp_lib.numerics.linearisation import Action, BlockLinearisation, Curvature, PlainLinearisation
from ntp_lib.numerics.results import result
from ntp_lib.numerics.row_space import row_space
from ntp_lib.numerics.softmax_blocks import SoftmaxBlocks
from ntp_lib.subspaces.dense_space import DenseDataSpace
from ntp_lib.subspaces.subspace import Subspace
from ntp_lib.subspaces.support_projector import SupportProjector

# Up to this many unknowns, and entries of the logit maps (256 MiB), coordinates are those of explicit bases.
DENSE_UNKNOWNS = 2000
DENSE_ENTRIES = 2**25
# Ridge of a preconditioner on F, relative to the largest curvature of a context.
SMALL_RIDGE = 1e-10


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

    def pull(self, residual: Floats) -> tuple[Floats, Floats]:
        """Both transposes at once."""
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
        self, matrix: Callable[[DenseDataSpace], Floats], curvature: Callable[[], Curvature]
    ) -> PlainLinearisation:
        """A Jacobian in these coordinates: a matrix where the maps are formed, else minus a Hessian of CE."""
        ...

    def finite_solver(self, action: Action) -> Action:
        """A function that solves action(x) = b, for a positive definite action in coordinates of F."""
        ...


def data_space(F: Subspace, *, dense_unknowns: int = DENSE_UNKNOWNS) -> DataSpace:
    """Coordinates of D: explicit orthonormal bases where they fit, projections of whole matrices beyond.

    Args:
        F: the data subspace.
        dense_unknowns: coordinates up to which there are bases.
    """
    data = F.data
    rank = min(data.num_contexts, data.dim)
    unknowns = (data.vocab_size - 1) * rank
    fits = unknowns * max(data.num_contexts, data.dim) * data.vocab_size <= DENSE_ENTRIES
    return DenseDataSpace(F) if unknowns <= dense_unknowns and fits else ProjectedDataSpace(F)


@result
class ProjectedDataSpace:
    """D without bases: both coordinates are whole (V, r) matrices, kept in F and in D ∩ F⊥ by projection.

    Their rows are coordinates in an orthonormal basis of the span of the embeddings, of dimension r.
    """

    F: Subspace

    @property
    def finite_size(self) -> int:
        """V·r."""
        return self.F.data.vocab_size * self.rows.shape[1]

    @property
    def offset_size(self) -> int:
        """V·r."""
        return self.finite_size

    @property
    def finite_metric(self) -> Floats:
        """See `DataSpace`."""
        return np.ones(())

    @cached_property
    def _support(self) -> Bools:
        return self.F.data.support_mask

    @cached_property
    def _shares(self) -> Floats:
        """1/|S_j| on the supports, (m, V)."""
        return self._support / self._support.sum(axis=1, keepdims=True)

    @cached_property
    def _basis(self) -> Floats:
        return row_space(self.F.data.embeddings)

    @cached_property
    def rows(self) -> Floats:
        """The embeddings in the basis of their span, (m, r)."""
        return self.F.data.embeddings @ self._basis

    @cached_property
    def _gram(self) -> Floats:
        return self.rows @ self.rows.T

    @cached_property
    def _projector(self) -> SupportProjector | None:
        return SupportProjector.of(self.F.data, self.rows)

    def _in_F(self, W: Floats, *, passes: int = 2) -> Floats:
        """P_F of matrices, (…, V, r); one pass where rounding does not matter."""
        if self._projector is not None:
            return self._projector.project(W, passes=passes)
        stack = W.reshape(-1, *W.shape[-2:])
        return np.array([self.F.project(matrix @ self._basis.T) @ self._basis for matrix in stack]).reshape(
            W.shape
        )

    def _matrix(self, x: Floats) -> Floats:
        return x.reshape(self.F.data.vocab_size, -1)

    def deviation(self, x: Floats) -> Floats:
        """See `DataSpace`."""
        return self._centred(self.rows @ self._matrix(x).T)

    def offset(self, y: Floats) -> Floats:
        """See `DataSpace`."""
        return np.where(self._support, 0.0, self._centred(self.rows @ self._matrix(y).T))

    def pull_finite(self, residual: Floats) -> Floats:
        """See `DataSpace`."""
        return self._in_F(self._centred(residual).T @ self.rows).ravel()

    def pull_offset(self, residual: Floats) -> Floats:
        """See `DataSpace`."""
        whole = self._balanced(residual).T @ self.rows
        return (whole - self._in_F(whole)).ravel()

    def pull(self, residual: Floats) -> tuple[Floats, Floats]:
        """See `DataSpace`."""
        both = np.stack([self._centred(residual), self._balanced(residual)]).transpose(0, 2, 1) @ self.rows
        in_F = self._in_F(both)
        return in_F[0].ravel(), (both[1] - in_F[1]).ravel()

    def _balanced(self, residual: Floats) -> Floats:
        """The residual off the supports, and the mass that it takes given back to them in equal shares, (m, V)."""
        outside = np.where(self._support, 0.0, residual)
        return np.asarray(outside - self._shares * outside.sum(axis=1, keepdims=True))

    def embed_finite(self, x: Floats) -> Floats:
        """See `DataSpace`."""
        return self._matrix(x) @ self._basis.T

    def embed_offset(self, y: Floats) -> Floats:
        """See `DataSpace`."""
        return self.embed_finite(y)

    def coordinates(self, W: Floats) -> tuple[Floats, Floats]:
        """See `DataSpace`."""
        seen = (W - W.mean(axis=0)) @ self._basis
        finite = self._in_F(seen)
        return finite.ravel(), (seen - finite).ravel()

    def linearise(
        self, matrix: Callable[[DenseDataSpace], Floats], curvature: Callable[[], Curvature]
    ) -> PlainLinearisation:
        """See `DataSpace`: by token blocks."""
        return BlockLinearisation(self.rows, self._gram, self, curvature())

    def joined(self, state: Floats, stretch: float | None) -> Floats:
        """See `WholeMatrices`."""
        if stretch is None:
            return self._matrix(state)
        size = self.finite_size
        return self._matrix(state[:size] / stretch + state[size:])

    def parted(self, matrix: Floats, stretch: float | None) -> Floats:
        """See `WholeMatrices`: rounding does not matter there, and one pass does."""
        in_F = self._in_F(matrix, passes=1)
        rest = (matrix - in_F).ravel()
        return rest if stretch is None else np.concatenate([(stretch * in_F).ravel(), rest])

    def finite_solver(self, action: Action) -> Action:
        """See `DataSpace`: by conjugate gradients, with token blocks of the data as preconditioner.

        DidNotConvergeError after 5000 steps.
        """
        precondition = self._in_support_solver()

        def solve(right: Floats) -> Floats:
            shape = (len(right), len(right))
            operator = LinearOperator(shape, matvec=action)
            preconditioner = LinearOperator(shape, matvec=precondition)
            solution, status = cg(operator, right, rtol=1e-8, maxiter=5000, M=preconditioner)
            if status:
                raise DidNotConvergeError("the part in F could not be found in 5000 steps of conjugate gradients")
            return np.asarray(solution)

        return solve

    def _in_support_solver(self) -> Action:
        """P_F (∇²CE_F + λI)⁻¹ P_F at the probabilities of the data, with a small λ."""
        data = self.F.data
        ridge = SMALL_RIDGE * float(np.max(data.context_probs * self._gram.diagonal()))
        blocks = SoftmaxBlocks.factorised(self.rows, self._gram, data.context_probs, data.probs.toarray(), ridge)
        if blocks is None:
            return lambda right: right
        return lambda right: self._in_F(blocks.solve(self._in_F(self._matrix(right)))).ravel()

    def _centred(self, logits: Floats) -> Floats:
        return np.asarray(logits - (self._shares * logits).sum(axis=1, keepdims=True))
