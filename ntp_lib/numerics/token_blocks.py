"""Normal equations that couple tokens only through levels of the contexts, solved token by token.

For an unknown A on some pairs (context, token), with a_v its column of token v on the contexts P_v that have v,
and G the Gram matrix of m rows,

    (G[P_v, P_v] + diag δ_v) a_v = b_v + c[P_v]  for every token v,    Σ_v a_jv = s_j  for every context j.

With K_v = G[P_v, P_v] + diag δ_v, eliminating the a_v leaves one equation for c, of matrix Σ_v (K_v⁻¹ on P_v)
(book, lem-token-blocks). So there is one Cholesky factor per token, and one of size m.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack

from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.token_pairs import TokenPairs


@dataclass(frozen=True, eq=False)
class _Square:
    """L of T K T = L Lᵀ, with T diagonal such that its diagonal is one: δ may then be as large as ∞."""

    scale: Floats
    lower: Floats

    def solve(self, b: Floats) -> Floats:
        """K⁻¹ b."""
        return _times(self.scale, lapack.dpotrs(self.lower, _times(self.scale, b), lower=1)[0])

    def inverse(self) -> Floats:
        """K⁻¹."""
        return _inverse(self.lower) * np.outer(self.scale, self.scale)


@dataclass(frozen=True, eq=False)
class _Tall:
    """More contexts than dimensions: with D = δ⁻¹, K⁻¹ = D − D X (I + Xᵀ D X)⁻¹ Xᵀ D."""

    root: Floats
    rows: Floats
    lower: Floats

    def solve(self, b: Floats) -> Floats:
        """K⁻¹ b."""
        scaled = _times(self.root, b)
        inner = lapack.dpotrs(self.lower, self.rows.T @ scaled, lower=1)[0]
        return _times(self.root, scaled - self.rows @ inner.reshape(-1, *b.shape[1:]))

    def inverse(self) -> Floats:
        """K⁻¹."""
        half = lapack.dtrtrs(self.lower, self.rows.T, lower=1)[0]
        inverse = -(half.T @ half)
        diagonal = np.einsum("ii->i", inverse)
        diagonal += 1.0
        return inverse * np.outer(self.root, self.root)


@dataclass(frozen=True, eq=False)
class TokenBlocks:
    """Factors of the equations above. Build with `factorised`.

    Attributes:
        pairs: J.
        gram: G, (m, m).
        delta: δ on the pairs, (n,).
    """

    pairs: TokenPairs
    gram: Floats
    delta: Floats
    _blocks: tuple[_Square | _Tall | None, ...]
    _levels: _Square

    @classmethod
    def factorised(
        cls, pairs: TokenPairs, rows: Floats, delta: Floats | float, *, gram: Floats | None = None
    ) -> TokenBlocks | None:
        """Factorise the blocks and the equation of the levels.

        Args:
            pairs: J.
            rows: X, (m, r).
            delta: δ ≥ 0 on the pairs, packed (n,) or one number; ∞ takes a pair out.
            gram: X Xᵀ, if already computed.

        Returns:
            The factors, or None where the matrix of a token is singular to rounding: where δ = 0 on a token whose
            contexts are dependent.
        """
        gram = rows @ rows.T if gram is None else gram
        packed = np.broadcast_to(np.asarray(delta, dtype=float), pairs.contexts.shape)
        levels = np.zeros(gram.shape)
        blocks: list[_Square | _Tall | None] = []
        for v in range(pairs.num_tokens):
            part = slice(pairs.indptr[v], pairs.indptr[v + 1])
            P = pairs.contexts[part]
            if not len(P):
                blocks.append(None)
                continue
            block = _block(P, rows, gram, packed[part])
            if block is None:
                return None
            _scatter(levels, P, block.inverse())
            blocks.append(block)
        # A context without pairs, or whose δ are all ∞, has no level.
        diagonal = np.einsum("ii->i", levels)
        diagonal += diagonal == 0
        factor = _square(levels)
        return None if factor is None else cls(pairs, gram, packed, tuple(blocks), factor)

    def solve(self, b: Floats, sums: Floats | float = 0.0, *, refinements: int = 1) -> tuple[Floats, Floats]:
        """The unknowns a and the levels c.

        Args:
            b: right-hand side on the pairs, (n,), or several, (n, k).
            sums: s, (m,) or (m, k); 0 for contexts without pairs.
            refinements: times that the residual of the whole system is solved for again.
        """
        sums = np.broadcast_to(np.asarray(sums, dtype=float), (self.pairs.num_contexts, *b.shape[1:]))
        a, c = self._solved(b, sums)
        for _ in range(refinements):
            more, level = self._solved(b - self.applied(a, c), sums - self.pairs.row_sums(a))
            a, c = a + more, c + level
        return a, c

    def _solved(self, b: Floats, sums: Floats) -> tuple[Floats, Floats]:
        free = self.block_solve(b)
        c = self.level_solve(sums - self.pairs.row_sums(free))
        return free + self.block_solve(c[self.pairs.contexts]), c

    def block_solve(self, b: Floats) -> Floats:
        """K_v⁻¹ b_v for every token, (n,) or (n, k): the equations without levels."""
        out = np.empty(b.shape)
        for block, start, stop in self._parts():
            out[start:stop] = block.solve(b[start:stop])
        return out

    def level_solve(self, sums: Floats) -> Floats:
        """The levels c at which Σ_v K_v⁻¹ c[P_v] has these sums, (m,) or (m, k)."""
        return self._levels.solve(sums)

    def inverted(self) -> TokenBlocks:
        """The same, with K_v⁻¹ of every token in one sparse matrix: for a caller that solves very often."""
        inverses = sp.block_diag([block.inverse() for block, _, _ in self._parts()], format="csr")
        return _Inverted(
            self.pairs, self.gram, self.delta, self._blocks, self._levels, inverses=sp.csr_array(inverses)
        )

    def applied(self, a: Floats, c: Floats) -> Floats:
        """(G + diag δ) a − c on the pairs; pairs with δ = ∞, where a is 0, give −c."""
        delta = np.where(np.isfinite(self.delta), self.delta, 0.0)
        out = _times(delta, a) - c[self.pairs.contexts]
        for v in range(self.pairs.num_tokens):
            part = slice(self.pairs.indptr[v], self.pairs.indptr[v + 1])
            P = self.pairs.contexts[part]
            if len(P):
                out[part] += _submatrix(self.gram, P) @ a[part]
        return out

    def _parts(self) -> list[tuple[Any, int, int]]:
        bounds = zip(self._blocks, self.pairs.indptr[:-1], self.pairs.indptr[1:], strict=True)
        return [(block, int(start), int(stop)) for block, start, stop in bounds if block is not None]


@dataclass(frozen=True, eq=False)
class _Inverted(TokenBlocks):
    """Blocks whose inverses are at hand."""

    inverses: sp.csr_array

    def block_solve(self, b: Floats) -> Floats:
        """See `TokenBlocks`."""
        return np.asarray(self.inverses @ b)


def _block(P: Ints, rows: Floats, gram: Floats, delta: Floats) -> _Square | _Tall | None:
    if len(P) > rows.shape[1] and delta.min() > 0:
        root = 1 / np.sqrt(delta)
        scaled = (rows if len(P) == len(rows) else rows[P]) * root[:, None]
        inner = scaled.T @ scaled
        diagonal = np.einsum("ii->i", inner)
        diagonal += 1.0
        lower, info = lapack.dpotrf(inner, lower=1, overwrite_a=1)
        return None if info else _Tall(root, scaled, lower)
    return _square(_submatrix(gram, P), delta)


def _square(matrix: Floats, delta: Floats | float = 0.0) -> _Square | None:
    """Factor of matrix + diag δ; None where it is not positive definite to rounding."""
    diagonal = matrix.diagonal() + delta
    if not diagonal.min() > 0:
        return None
    scale = 1 / np.sqrt(diagonal)
    scaled = matrix * np.outer(scale, scale)
    np.fill_diagonal(scaled, 1.0)
    lower, info = lapack.dpotrf(scaled, lower=1)
    # A pivot of the size of rounding says that the matrix is singular, whatever it came out as.
    singular = info or lower.diagonal().min() ** 2 <= len(scaled) * np.finfo(float).eps
    return None if singular else _Square(scale, lower)


def _submatrix(gram: Floats, P: Ints) -> Floats:
    return gram if len(P) == len(gram) else gram[P[:, None], P]


def _scatter(total: Floats, P: Ints, part: Floats) -> None:
    if len(P) == len(total):
        total += part
    else:
        total[P[:, None], P] += part


def _inverse(lower: Floats) -> Floats:
    inverse = np.tril(lapack.dpotri(lower, lower=1)[0])
    return inverse + np.tril(inverse, -1).T


def _times(scale: Floats, b: Floats) -> Floats:
    return scale * b if b.ndim == 1 else scale[:, None] * b
