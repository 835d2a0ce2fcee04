"""Newton's equations of the flow: dense where the logit maps are formed, GMRES with their actions beyond."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.linalg
from scipy.sparse.linalg import LinearOperator, gmres

from ntp_lib.numerics.aliases import Floats

# Newton's method needs its steps no more accurately than this; an inexact step only makes it iterate once more.
LINEAR_TOLERANCE = 1e-3
KRYLOV_SIZE = 80

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
class KrylovLinearisation:
    """A Jacobian by its action, with a diagonal that stands for it in the preconditioner.

    Attributes:
        apply: v ↦ Jv.
        diagonal: rough diagonal of J, (n,); what it misses costs iterations, not accuracy.
    """

    apply: Callable[[Floats], Floats]
    diagonal: Floats

    def factorised(self, c: float) -> Callable[[Floats], Floats]:
        """GMRES on I − cJ."""
        size = len(self.diagonal)
        matrix = LinearOperator((size, size), matvec=lambda v: v - c * self.apply(v), dtype=np.float64)
        scale = 1 / np.maximum(np.abs(1 - c * self.diagonal), 1e-3)
        preconditioner = LinearOperator((size, size), matvec=lambda v: scale * v, dtype=np.float64)

        def solve(right: Floats) -> Floats:
            solution, _ = gmres(
                matrix, right, rtol=LINEAR_TOLERANCE, restart=KRYLOV_SIZE, maxiter=3, M=preconditioner
            )
            return np.asarray(solution)

        return solve
