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


@dataclass(frozen=True, eq=False)
class DenseLinearisation:
    """A Jacobian as an array (n, n)."""

    jacobian: Floats

    def factorised(self, c: float) -> Callable[[Floats], Floats]:
        """LU of I − cJ."""
        matrix = -c * self.jacobian
        matrix[np.diag_indices_from(matrix)] += 1.0
        with warnings.catch_warnings():
            # Where the matrix is singular to rounding, Newton fails and the step shrinks.
            warnings.simplefilter("ignore", scipy.linalg.LinAlgWarning)
            factors = scipy.linalg.lu_factor(matrix, overwrite_a=True, check_finite=False)
        return lambda right: scipy.linalg.lu_solve(factors, right, check_finite=False)


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


@dataclass(frozen=True, eq=False)
class BlockLinearisation:
    """A Jacobian on whole matrices (V, r), by token blocks.

    What the stretched coordinates add to the Jacobian on F, at most one, is left out: it is small beside the
    curvatures there, and Newton's method takes no more iterations for it. Where the state is y alone, the supports
    are to be so curved that the part in F is held.

    Attributes:
        rows: X, (m, r).
        gram: X Xᵀ, (m, m).
        project: P_F of a matrix (V, r).
        curvature: the Hessian.
    """

    rows: Floats
    gram: Floats
    project: Callable[[Floats], Floats]
    curvature: Curvature

    def factorised(self, c: float) -> Callable[[Floats], Floats]:
        """Token blocks of I + c·Hessian."""
        curvature = self.curvature
        blocks = SoftmaxBlocks.factorised(self.rows, self.gram, c * curvature.weights, curvature.probs, 1.0)
        if blocks is None:  # Newton's method fails, and the step shrinks
            return lambda right: np.full_like(right, np.nan)
        shape = (curvature.probs.shape[1], self.rows.shape[1])
        size, stretch = shape[0] * shape[1], curvature.stretch

        def solve(right: Floats) -> Floats:
            if stretch is None:
                Z = blocks.solve(right.reshape(shape), refinements=0)
                return (Z - self.project(Z)).ravel()
            Z = blocks.solve((right[:size] / stretch + right[size:]).reshape(shape), refinements=0)
            in_F = self.project(Z)
            return np.concatenate([(stretch * in_F).ravel(), (Z - in_F).ravel()])

        return solve
