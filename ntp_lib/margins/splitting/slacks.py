"""A face by what is left over on it: for independent contexts the slacks of the inactive pairs are the unknowns.

Let G be the Gram matrix of independent rows and M its inverse. The optimality conditions of a face with the active
pairs J, which contains the supports, are G A + s = c·1ᵀ − U with A = 0 off J, U = 0 on J and row sums of zero.
They give A = M (c·1ᵀ − s − U), so that c_j = mean_v (s_jv + u_jv), and leave for the slacks u_v on the contexts
Q_v whose pair with v is inactive

    M[Q_v, Q_v] u_v = M[Q_v, :] ū + f_v[Q_v],    ū = mean_v u_v,    f = M (mean_v s_v − s),

where f is the dual variable if every pair is active (book, lem-slacks). Where few pairs are inactive there are few
unknowns, and no splitting is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from ntp_lib.numerics.aliases import Bools, Floats, Ints

# Slacks up to which one dense system is faster than a block for every token.
FEW = 100

Solver = Callable[[Floats], Floats]


@dataclass(frozen=True, eq=False)
class IndependentRows:
    """The Gram matrix of independent rows, and its inverse.

    Attributes:
        gram, inverse: G and M, (m, m).
    """

    gram: Floats
    inverse: Floats

    @classmethod
    def of(cls, rows: Floats) -> IndependentRows | None:
        """Of rows (m, d); None where rounding leaves the Gram matrix indefinite."""
        gram = rows @ rows.T
        lower, failed = lapack.dpotrf(gram, lower=1)
        return None if failed else cls.factorised(gram, lower)

    @classmethod
    def factorised(cls, gram: Floats, lower: Floats) -> IndependentRows:
        """Of rows with this Gram matrix and Cholesky factor, (m, m)."""
        inverse = lapack.dpotri(lower, lower=1)[0]
        # LAPACK fills the lower triangle only, over zeros.
        inverse = inverse + inverse.T
        inverse.ravel()[:: len(inverse) + 1] /= 2
        return cls(gram, inverse)

    @property
    def condition(self) -> float:
        """‖G‖ ‖M‖ in the norm of row sums."""
        return float(np.abs(self.gram).sum(axis=1).max() * np.abs(self.inverse).sum(axis=1).max())

    def free(self, shifts: Floats) -> Floats:
        """f: the dual variable where every pair is active, (m, V)."""
        return self.inverse @ (shifts.mean(axis=1, keepdims=True) - shifts)

    def face(self, inactive: Bools) -> Solver | None:
        """f ↦ slacks U, (m, V), of the face where these pairs, (m, V), are inactive; None if indefinite."""
        tokens, contexts = np.nonzero(inactive.T)
        pairs = _Inactive(contexts, tokens, inactive.shape)
        return _dense(self.inverse, pairs) if len(tokens) <= FEW else _by_token(self, pairs)

    def dual(self, free: Floats, U: Floats) -> Floats:
        """A = f + M (ū·1ᵀ − U), (m, V)."""
        return free + self.inverse @ (U.mean(axis=1, keepdims=True) - U)


@dataclass(frozen=True, eq=False)
class _Inactive:
    """Inactive pairs token by token: context and token of each, (N,), and the shape (m, V)."""

    contexts: Ints
    tokens: Ints
    shape: tuple[int, ...]


def _dense(inverse: Floats, pairs: _Inactive) -> Solver | None:
    """One system for all slacks: M ⊗ (I − 11ᵀ/V) on the inactive pairs."""
    tokens, share = pairs.shape[1], 1 / pairs.shape[1]
    coupled = inverse[pairs.contexts[:, None], pairs.contexts]
    coupled *= np.where(pairs.tokens[:, None] == pairs.tokens, 1 - share, -share)
    lower, failed = lapack.dpotrf(coupled, lower=1, overwrite_a=1) if len(coupled) else (coupled, 0)
    if failed:
        return None

    def solve(free: Floats) -> Floats:
        U = np.zeros((len(inverse), tokens))
        if len(lower):
            here = (pairs.contexts, pairs.tokens)
            U[here] = lapack.dpotrs(lower, free[here], lower=1)[0]
        return U

    return solve


def _by_token(rows: IndependentRows, pairs: _Inactive) -> Solver | None:
    """One factor L_v a token, and one of V G − Σ_v (M[Q_v, Q_v]⁻¹ on Q_v) for the mean slack."""
    m, V = pairs.shape
    ends = np.searchsorted(pairs.tokens, np.arange(V + 1)).tolist()
    present = [v for v in range(V) if ends[v] < ends[v + 1]]
    # L_v⁻¹, one below the other, with the columns of Q_v.
    halves = np.zeros((len(pairs.tokens), m))
    for v in present:
        Q = pairs.contexts[ends[v] : ends[v + 1]]
        lower, failed = lapack.dpotrf(rows.inverse[Q[:, None], Q], lower=1, overwrite_a=1)
        if failed:
            return None
        halves[ends[v] : ends[v + 1], Q] = lapack.dtrtri(lower, lower=1, overwrite_c=1)[0]
    coupled = V * rows.gram - halves.T @ halves
    mean, failed = lapack.dpotrf(coupled, lower=1, overwrite_a=1)
    if failed:
        return None

    def solve(free: Floats) -> Floats:
        halfway = np.einsum("nm,nm->n", halves, free.T[pairs.tokens])
        # M ū, by the equation for ū.
        lifted = lapack.dpotrs(mean, halfway @ halves, lower=1)[0]
        halfway += halves @ lifted
        U = np.zeros((V, m))
        U[present] = np.add.reduceat(halves * halfway[:, None], [ends[v] for v in present], axis=0)
        return U.T

    return solve
