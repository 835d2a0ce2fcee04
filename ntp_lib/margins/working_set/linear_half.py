"""The linear half on a working set: one small matrix for every token (book, lem-working-set).

Between two working sets most tokens lose and gain few contexts, and an inverse is mended for less than a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy.linalg

from ntp_lib.margins.working_set.pairs import Indices, Pairs
from ntp_lib.numerics.aliases import Floats

# Contexts per dimension of a token from which two thin products cost less than one square matrix.
THIN = 1.5
# A matrix is mended where at most this share of its contexts changes.
FEW_CHANGES = 0.25


@dataclass(frozen=True, eq=False)
class Gram:
    """Inner products of unit embeddings, looked up where they fit and formed where they are needed otherwise.

    Attributes:
        rows: ĥ_j, (m, d).
        whole: rows·rowsᵀ, (m, m), or None where it is too large.
    """

    rows: Floats
    whole: Floats | None

    def of(self, contexts: Indices, others: Indices) -> Floats:
        """Inner products of some rows with some others, of the kind of `rows`, a new array."""
        if self.whole is not None:
            return self.whole[contexts[:, None], others].astype(self.rows.dtype)
        return np.asarray(self.rows[contexts] @ self.rows[others].T)


@dataclass(frozen=True, eq=False)
class Block:
    """One token: y ↦ y − M y, or y ↦ R (M (Rᵀ y)) for more contexts than dimensions.

    Attributes:
        contexts: that have the token, rising, (n,).
        matrix: M = (I + τ Σ_v)⁻¹, (n, n), or (RᵀR + I/τ)⁻¹, (d, d).
        rows: R, (n, d), in the second case.
    """

    contexts: Indices
    matrix: Floats
    rows: Floats | None

    @classmethod
    def of(cls, contexts: Indices, gram: Gram, penalty: float) -> Self:
        """Factorise Σ_v (Σ_v + 1/τ)⁻¹ for the Gram matrix Σ_v of these contexts' rows."""
        if _is_thin(len(contexts), gram.rows.shape[1]):
            mine = gram.rows[contexts]
            return cls(contexts, _inverse(mine.T @ mine, 1 / penalty), mine)
        return cls(contexts, _inverse(penalty * gram.of(contexts, contexts), 1.0), None)

    def moved_to(self, contexts: Indices, gram: Gram, penalty: float) -> Block:
        """The block of other contexts, from this one where few of them differ."""
        kept = np.isin(self.contexts, contexts, assume_unique=True)
        new = contexts[np.isin(contexts, self.contexts, assume_unique=True, invert=True)]
        changes = np.sum(~kept) + len(new)
        if not changes:
            return self
        few = changes <= FEW_CHANGES * len(contexts)
        if self.rows is not None or not few or _is_thin(len(contexts), gram.rows.shape[1]):
            return Block.of(contexts, gram, penalty)
        matrix = _without(self.matrix, kept)
        old = self.contexts[kept]
        if len(new):
            cross = penalty * gram.of(old, new)
            matrix = _with(matrix, cross, penalty * gram.of(new, new) + np.eye(len(new), dtype=matrix.dtype))
            order = np.argsort(np.concatenate([old, new]))
            matrix = matrix[order[:, None], order]
        return Block(contexts, matrix, None)

    @property
    def size(self) -> int:
        """Bytes held."""
        return self.matrix.nbytes + (0 if self.rows is None else self.rows.nbytes)


@dataclass(frozen=True, eq=False)
class LinearHalf:
    """T ↦ J T on the pairs, J = Σ_v (Σ_v + 1/τ)⁻¹ token by token.

    Attributes:
        pairs: the working set.
        penalty: τ.
        blocks: of the tokens that have pairs, by token.
        precision: of the matrices.
    """

    pairs: Pairs
    penalty: float
    blocks: dict[int, Block]
    precision: npt.DTypeLike

    @classmethod
    def of(cls, pairs: Pairs, gram: Gram, penalty: float, last: LinearHalf | None = None) -> Self:
        """Factorise every token's block, from those of `last` where these have the penalty and the precision."""
        same = last is not None and (last.penalty, last.precision) == (penalty, gram.rows.dtype)
        known = last.blocks if same and last is not None else {}
        contexts, starts, blocks = pairs.contexts[pairs.by_token], pairs.token_starts, {}
        for token in np.flatnonzero(np.diff(starts)).tolist():
            mine = contexts[starts[token] : starts[token + 1]]
            factorised: Callable[[Indices, Gram, float], Block] = (
                known[token].moved_to if token in known else Block.of
            )
            blocks[token] = factorised(mine, gram, penalty)
        return cls(pairs, penalty, blocks, gram.rows.dtype)

    def apply(self, T: Floats) -> Floats:
        """J T, (p,)."""
        order = self.pairs.by_token
        given = T[order].astype(self.precision, copy=False)
        taken = np.empty_like(given)
        first = 0
        for block in self.blocks.values():
            part = slice(first, first + len(block.contexts))
            if block.rows is None:
                np.dot(block.matrix, given[part], out=taken[part])
                np.subtract(given[part], taken[part], out=taken[part])
            else:
                np.dot(block.rows, block.matrix @ (given[part] @ block.rows), out=taken[part])
            first = part.stop
        result = np.empty(len(T))
        result[order] = taken
        return result

    @property
    def size(self) -> int:
        """Bytes held by the matrices."""
        return sum(block.size for block in self.blocks.values())


def bytes_of(pairs: Pairs, dim: int, itemsize: int) -> int:
    """Bytes that the matrices of a working set would hold."""
    n = np.diff(pairs.token_starts)
    return itemsize * int(np.where(_is_thin(n, dim), dim * dim + n * dim, n * n).sum())


def _is_thin(contexts: npt.NDArray[np.int64] | int, dim: int) -> npt.NDArray[np.bool_] | bool:
    return contexts > THIN * dim


def _inverse(matrix: Floats, shift: float) -> Floats:
    """(matrix + shift·I)⁻¹ of a positive semidefinite matrix, which is overwritten."""
    np.einsum("ii->i", matrix)[:] += shift
    factor, inverse = scipy.linalg.lapack.get_lapack_funcs(("potrf", "potri"), (matrix,))
    lower, _ = factor(matrix.T, lower=1, overwrite_a=1)
    result, _ = inverse(lower, lower=1, overwrite_c=1)
    # LAPACK fills the lower triangle only, over zeros.
    full: Floats = result + result.T
    np.einsum("ii->i", full)[:] /= 2
    return np.ascontiguousarray(full)


def _without(inverse: Floats, kept: npt.NDArray[np.bool_]) -> Floats:
    """The inverse of the kept part of a matrix, from the inverse of the whole."""
    if kept.all():
        return inverse
    places, gone = np.flatnonzero(kept), np.flatnonzero(~kept)
    across = inverse[places[:, None], gone]
    return inverse[places[:, None], places] - across @ np.linalg.solve(inverse[gone[:, None], gone], across.T)


def _with(inverse: Floats, cross: Floats, corner: Floats) -> Floats:
    """The inverse of [[A, B], [Bᵀ, D]] from that of A, by B and D."""
    n, k = cross.shape
    product = inverse @ cross
    small = np.linalg.inv(corner - cross.T @ product)
    scaled = product @ small
    result = np.empty((n + k, n + k), dtype=inverse.dtype)
    result[:n, :n] = inverse + scaled @ product.T
    result[:n, n:], result[n:, :n], result[n:, n:] = -scaled, -scaled.T, small
    return result
