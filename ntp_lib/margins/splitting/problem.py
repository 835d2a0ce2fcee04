"""The margin constraints of a problem as arrays of one library: unit embeddings, supports, shifts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.linalg import lapack

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import ArrayKind, to_numpy
from ntp_lib.subspaces.in_support import unit_embeddings

EPSILON = 2.0**-52
# Beyond this ratio of its extreme eigenvalues a Gram matrix leaves the rank of its rows in doubt.
DOUBTFUL = 1e-8
Array = Any  # of the library in `ConeProblem.kind`


@dataclass(frozen=True, eq=False)
class ConeProblem:
    """Minimise ½‖W‖² where the logits W ĥ_j, shifted by 1/‖h̄_j‖ off the support, lie in the cone of every context.

    The cone of context j is K_j = {ℓ: ℓ_z = c on S_j, ℓ_v ≤ c off S_j, c any number}.

    Attributes:
        kind: library and device of the arrays.
        rows: ĥ_j, embeddings of length one (zero ones stay zero), (m, d).
        lengths: ‖h̄_j‖, one for a zero embedding, (m, 1).
        support: z ∈ S_j, (m, V).
        shifts: 0 on the support, 1/‖h̄_j‖ off it, (m, V).
    """

    kind: ArrayKind
    rows: Array
    lengths: Array
    support: Array
    shifts: Array

    @classmethod
    def of(cls, data: NTPData, *, unit_lengths: bool = False) -> ConeProblem:
        """The constraints of (6a) and (6b), of the kind the embeddings were given in.

        Args:
            data: the problem.
            unit_lengths: set all lengths to one; separability does not depend on them.
        """
        kind, xp = data.kind, data.kind.namespace
        unit, norms = unit_embeddings(data)
        lengths = kind.convert(np.ones_like(norms) if unit_lengths else norms)[:, None]
        support = kind.convert(data.support_mask)
        shifts = xp.where(support, xp.zeros_like(lengths), 1 / lengths)
        return cls(kind, kind.convert(unit), lengths, support, shifts)

    def on_host(self) -> ConeProblem:
        """The same constraints in arrays of NumPy."""
        if self.kind.library == "numpy":
            return self
        arrays = (to_numpy(array) for array in (self.rows, self.lengths, self.support, self.shifts))
        return ConeProblem(ArrayKind("numpy", "cpu"), *arrays)

    @cached_property
    def xp(self) -> Any:
        """The library's functions."""
        return self.kind.namespace

    @cached_property
    def gram(self) -> Array:
        """rows·rowsᵀ, (m, m)."""
        return self.rows @ self.rows.T

    @cached_property
    def small_gram(self) -> Array:
        """The smaller of rows·rowsᵀ and rowsᵀ·rows, of size min(m, d)."""
        contexts, dim = self.rows.shape
        return self.gram if contexts <= dim else self.rows.T @ self.rows

    @cached_property
    def factor(self) -> Floats | None:
        """Cholesky's lower factor of `small_gram`, in NumPy only; None where rounding leaves it indefinite."""
        lower, failed = lapack.dpotrf(self.small_gram, lower=1)
        return None if failed else lower

    @cached_property
    def _eigenvalues(self) -> Array:
        return self.xp.linalg.eigvalsh(self.small_gram)

    @cached_property
    def full_rank(self) -> bool:
        """Whether the smaller Gram matrix is so well conditioned that no singular values need be looked at."""
        return float(self._eigenvalues[0]) > DOUBTFUL * float(self._eigenvalues[-1])

    @property
    def independent(self) -> bool:
        """Whether the rows are independent without a doubt, so that there is a margin."""
        return self.rows.shape[0] <= self.rows.shape[1] and self.full_rank

    @cached_property
    def extreme_squares(self) -> tuple[float, float]:
        """Largest and least squared singular value of the rows, up to their numerical rank; ones for rank zero."""
        squares = self.xp.flip(self._eigenvalues) if self.full_rank else self.factors[1]
        return (float(squares[0]), float(squares[-1])) if squares.shape[0] else (1.0, 1.0)

    @cached_property
    def factors(self) -> tuple[Array, Array]:
        """rows·rowsᵀ = U diag(squares) Uᵀ cut at the numerical rank r: U, (m, r), and squares, (r,), falling."""
        xp = self.xp
        U, sigma, _ = xp.linalg.svd(self.rows, full_matrices=False)
        rank = int(xp.sum(xp.astype(sigma > sigma[0] * max(self.rows.shape) * EPSILON, xp.int64)))
        return U[:, :rank], sigma[:rank] ** 2

    @cached_property
    def floor(self) -> Array:
        """−∞ on the supports, 0 off them: max(·, floor) clips off the supports only, (m, V)."""
        zero = self.xp.zeros_like(self.shifts[:, :1])
        return self.xp.where(self.support, zero - self.xp.inf, zero)

    @cached_property
    def support_sizes(self) -> Array:
        """|S_j| as floats, (m, 1)."""
        return self.xp.sum(self.xp.astype(self.support, self.shifts.dtype), axis=1, keepdims=True)

    def repaired(self, A: Array) -> Array:
        """A with exact row sums of zero and no positive entry off the supports."""
        xp = self.xp
        A = xp.minimum(A, -self.floor)
        excess = xp.sum(A, axis=1, keepdims=True) / self.support_sizes
        return xp.where(self.support, A - excess, A)

    def logits(self, A: Array) -> Array:
        """Logits of W = Aᵀ·rows on every row, (m, V)."""
        return self.rows @ (A.T @ self.rows).T

    def violation(self, logits: Array) -> float:
        """Largest violation of (6a) and (6b), margins and spreads in units of the margin asked for."""
        xp = self.xp
        lengths = self.lengths[:, 0]
        lowest = -xp.max(xp.where(self.support, -logits, -xp.inf), axis=1)
        highest = xp.max(xp.where(self.support, logits, -xp.inf), axis=1)
        top = xp.max(xp.where(self.support, -xp.inf, logits), axis=1)
        return float(xp.max(xp.maximum((highest - lowest) * lengths, (top - lowest) * lengths + 1)))

    def gap(self, A: Array, logits: Array) -> float:
        """(primal − dual value) / primal value at W = Aᵀ·rows, +∞ for A = 0."""
        quadratic = float(self.xp.sum(A * logits))
        linear = -float(self.xp.sum(A * self.shifts))
        return 2 * (quadratic - linear) / quadratic if quadratic > 0 else float("inf")

    def excluded_margin(self, A: Array) -> float:
        """‖Aᵀ·rows‖ / Σ |a_jv| over pairs off support: no unit W has a larger margin; +∞ for A = 0."""
        xp = self.xp
        mass = -float(xp.sum(xp.where(self.support, xp.zeros_like(A), A)))
        return float(xp.linalg.vector_norm(A.T @ self.rows)) / mass if mass > 0 else float("inf")
