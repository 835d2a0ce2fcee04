"""Newton's equations of the flow: dense where the logit maps are formed, by token blocks beyond."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.linalg

from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.softmax_blocks import SoftmaxBlocks

Action = Callable[[Floats], Floats]


class Linearisation(Protocol):
    """The Jacobian J of a right-hand side at one state."""

    def factorised(self, c: float) -> Callable[[Floats], Floats]:
        """A function that solves (I − cJ) x = b for x."""
        ...


class PlainLinearisation(Linearisation, Protocol):
    """A Jacobian whose factors serve for rational functions of it too."""

    def factorised(self, c: float, *, above: float = 0.0) -> Callable[[Floats], Floats]:
        """A function that returns (I − aJ)(I − cJ)⁻¹ b for b, with a = `above`."""
        ...


@dataclass(frozen=True, eq=False)
class DenseLinearisation:
    """A Jacobian as an array (n, n)."""

    jacobian: Floats

    def factorised(self, c: float, *, above: float = 0.0) -> Callable[[Floats], Floats]:
        """LU of I − cJ."""
        matrix = -c * self.jacobian
        matrix[np.diag_indices_from(matrix)] += 1.0
        with warnings.catch_warnings():
            # Where the matrix is singular to rounding, Newton fails and the step shrinks.
            warnings.simplefilter("ignore", scipy.linalg.LinAlgWarning)
            factors = scipy.linalg.lu_factor(matrix, overwrite_a=True, check_finite=False)

        def solve(right: Floats) -> Floats:
            solution = scipy.linalg.lu_solve(factors, right, check_finite=False)
            return _mixed(solution, right, above / c) if above else solution

        return solve


@dataclass(frozen=True, eq=False)
class Curvature:
    """−J as a Hessian of the cross-entropy, Σ_j w_j (diag q_j − q_j q_jᵀ) ⊗ x_j x_jᵀ.

    Attributes:
        weights: w, (m,).
        probs: q, (m, V).
        stretch: a where the state is (a x, y), with the parts in F and in F⊥; None where it is y alone.
    """

    weights: Floats
    probs: Floats
    stretch: float | None


class WholeMatrices(Protocol):
    """How a state (a x, y), or y alone, holds a matrix (V, r): coordinates of its parts in F and in F⊥."""

    def joined(self, state: Floats, stretch: float | None) -> Floats:
        """The matrix of a state, with the a of its first part; None where the state is y alone."""
        ...

    def parted(self, matrix: Floats, stretch: float | None) -> Floats:
        """The state of a matrix; y alone leaves out the part in F."""
        ...


@dataclass(frozen=True, eq=False)
class BlockLinearisation:
    """A Jacobian by token blocks, which solve for whole matrices.

    What the stretched coordinates add to the Jacobian on F, at most one, is left out: it is small beside the
    curvatures there, and Newton's method takes no more iterations for it. Where the state is y alone, the supports
    are to be so curved that the part in F is held.

    Attributes:
        rows: X, (m, r).
        gram: X Xᵀ, (m, m).
        matrices: the states' coordinates, orthonormal in each part but for lengths.
        curvature: the Hessian.
    """

    rows: Floats
    gram: Floats
    matrices: WholeMatrices
    curvature: Curvature

    def factorised(self, c: float, *, above: float = 0.0) -> Callable[[Floats], Floats]:
        """Token blocks of I + c·Hessian."""
        curvature, matrices = self.curvature, self.matrices
        blocks = SoftmaxBlocks.factorised(self.rows, self.gram, c * curvature.weights, curvature.probs, 1.0)
        if blocks is None:  # Newton's method fails, and the step shrinks
            return lambda right: np.full_like(right, np.nan)
        stretch = curvature.stretch

        def solve(right: Floats) -> Floats:
            R = matrices.joined(right, stretch)
            Z = blocks.solve(R, refinements=0)
            # Before the parts are told apart: whatever a state holds outside F and F⊥ by rounding would grow.
            return matrices.parted(_mixed(Z, R, above / c) if above else Z, stretch)

        return solve


def _mixed(solution: Floats, right: Floats, share: float) -> Floats:
    """(I − aJ) x for the x with (I − cJ) x = right, and share = a/c."""
    return solution + share * (right - solution)
