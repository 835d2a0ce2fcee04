"""Newton's equations of a ridged cross-entropy, solved token by token.

The Hessian Σ_j w_j (diag q_j − q_j q_jᵀ) ⊗ x_j x_jᵀ + λI couples tokens through the mean logits ℓ̄_j = ⟨q_j, Z x_j⟩
alone. With D_v = diag(w_j q_jv) and B_v = λI + Xᵀ D_v X, the row of token v is B_v z_v = R_v + Xᵀ D_v ℓ̄, and the
mean logits solve S ℓ̄ = Σ_v D_v X B_v⁻¹ R_v with S = Σ_v λ(G + λD_v⁻¹)⁻¹: these are the equations of
`ntp_lib.numerics.token_blocks` with δ = λD⁻¹ (book, lem-token-blocks). S is a sum of positive terms and nothing in
B_v is taken from anything else, so that a small λ loses nothing that the Hessian itself holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from ntp_lib.numerics.aliases import Floats

# Pairs whose curvature is below this share of λ change nothing that float64 can hold.
DROPPED = 1e-20
# Solutions are refined with the exact product until their residual is this small, at most so many times: Newton's
# method asks for no more.
REFINEMENTS = 2
RESIDUAL = 1e-11


@dataclass(frozen=True, eq=False)
class SoftmaxBlocks:
    """Factors of Σ_j w_j (diag q_j − q_j q_jᵀ) ⊗ x_j x_jᵀ + λI. Build with `factorised`.

    Attributes:
        rows: X, (m, r).
        probs: q, (m, V).
        weights: w_j q_jv, (m, V).
        ridge: λ.
    """

    rows: Floats
    probs: Floats
    weights: Floats
    ridge: float
    _lower: tuple[Floats | None, ...]
    _levels: Floats

    @classmethod
    def factorised(
        cls, rows: Floats, gram: Floats, context_weights: Floats, probs: Floats, ridge: float
    ) -> SoftmaxBlocks | None:
        """Factorise V blocks of size r and the equation of the m mean logits.

        Args:
            rows: X, (m, r).
            gram: X Xᵀ, (m, m).
            context_weights: w ≥ 0, (m,).
            probs: q, (m, V), rows of sum at most one.
            ridge: λ > 0.

        Returns:
            The factors, or None where λ is lost in the rounding of a block.
        """
        weights = context_weights[:, None] * probs
        squares = gram.diagonal()[:, None]
        seen = (weights * squares > DROPPED * ridge).T
        levels = np.zeros(gram.shape, order="F")
        factors: list[Floats | None] = []
        for column, kept in zip(weights.T / ridge, seen, strict=True):
            if kept.all():
                block = _block(rows, gram, column, levels)
            elif kept.any():
                P = np.flatnonzero(kept)
                part = np.zeros((len(P), len(P)), order="F")
                block = _block(rows[P], gram[P[:, None], P], column[P], part)
                levels[P[:, None], P] += part
            else:
                factors.append(None)
                continue
            if block is None:
                return None
            factors.append(block)
        diagonal = np.einsum("ii->i", levels)
        diagonal += np.where(seen, 0.0, weights.T / ridge).sum(axis=0)
        # A context of weight zero has no mean logit.
        diagonal += diagonal == 0
        lower, info = lapack.dpotrf(levels, lower=1, overwrite_a=1)
        return None if info else cls(rows, probs, weights, ridge, tuple(factors), lower)

    def apply(self, Z: Floats) -> Floats:
        """The matrix times Z, (V, r)."""
        logits = self.rows @ Z.T
        mean = (self.probs * logits).sum(axis=1, keepdims=True)
        return self.ridge * Z + (self.weights * (logits - mean)).T @ self.rows

    def solve(self, R: Floats, *, refinements: int = REFINEMENTS) -> Floats:
        """Z with apply(Z) = R, (V, r), refined up to so many times."""
        Z = self._solved(R)
        size = float(np.linalg.norm(R))
        for _ in range(refinements):
            rest = R - self.apply(Z)
            if np.linalg.norm(rest) <= RESIDUAL * size:
                break
            Z = Z + self._solved(rest)
        return Z

    def _solved(self, R: Floats) -> Floats:
        free = self._rows_solved(R)
        means = (self.weights * (self.rows @ free.T)).sum(axis=1) / self.ridge
        means = lapack.dpotrs(self._levels, means, lower=1)[0]
        return free + self._rows_solved((self.weights * means[:, None]).T @ self.rows)

    def _rows_solved(self, R: Floats) -> Floats:
        """B_v⁻¹ R_v for every token."""
        out = R / self.ridge
        for v, lower in enumerate(self._lower):
            if lower is not None:
                out[v] = lapack.dpotrs(lower, out[v], lower=1)[0]
        return out


def _block(rows: Floats, gram: Floats, weights: Floats, levels: Floats) -> Floats | None:
    """Cholesky's factor of I + Xᵀ D X for one token; None where it fails.

    The lower triangle of D½ (I + D½ X Xᵀ D½)⁻¹ D½ is added to that of `levels`.
    """
    root = np.sqrt(weights)
    scaled = rows * root[:, None]
    lower, info = _cholesky_plus_one(scaled.T @ scaled)
    if info:
        return None
    if len(rows) <= rows.shape[1]:
        square = gram * root[:, None]
        square *= root
        factor, info = _cholesky_plus_one(square)
        if info:
            return None
        inverse = lapack.dpotri(factor, lower=1, overwrite_c=1)[0]
    else:
        half = lapack.dtrtrs(lower, scaled.T, lower=1)[0]
        inverse = -(half.T @ half)
        _add_one(inverse)
    inverse *= root[:, None]
    inverse *= root
    levels += inverse
    return lower


def _cholesky_plus_one(matrix: Floats) -> tuple[Floats, int]:
    """The lower factor of I + matrix, which is overwritten, and LAPACK's verdict."""
    _add_one(matrix)
    # The transpose is the same matrix, in LAPACK's order: it need not be copied.
    lower, info = lapack.dpotrf(matrix.T, lower=1, overwrite_a=1)
    return lower, int(info)


def _add_one(matrix: Floats) -> None:
    """Add I in place, in whatever order the entries lie."""
    diagonal = np.einsum("ii->i", matrix)
    diagonal += 1.0
