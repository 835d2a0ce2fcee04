"""Logits of least nuclear norm that tie the supports and clear the others by one (book, def-nuclear-margin)."""

from __future__ import annotations

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError
from ntp_lib.margins import programme
from ntp_lib.margins.norms import NUCLEAR
from ntp_lib.margins.solution import MarginSolution
from ntp_lib.numerics.aliases import Bools, Floats, Ints
from ntp_lib.numerics.numbers import real_number


def nuclear_norm(L: Floats) -> float:
    """‖L‖_*, the sum of the singular values."""
    return float(NUCLEAR.size(L))


def nuclear_margin(data: NTPData, *, tolerance: float = 1e-6, merge: bool = True) -> MarginSolution:
    """Solve minimise ‖Λ‖_* over Λ of shape (m, V) subject to ties on the supports and margins of at least one.

    Contexts with equal supports have equal rows in every solution, and tokens that occur in the same supports
    equal columns (book, thm-nuclear-collapse); so one row and one column of each kind are variables. The solver's
    matrices are then made feasible to rounding, and the gap is theirs.

    Args:
        data: the problem; only its supports matter.
        tolerance: largest gap accepted.
        merge: use the theorem; without it every entry of Λ is a variable.

    Returns:
        The solution for the standard basis as embeddings; its `logits`, (m, V), are L^mm, and their rows sum to
        zero. Its A has spectral norm one: the dual is to maximise Σ |a_jv| over pairs off the supports, for A of
        spectral norm at most one with rows that sum to zero and a_jv ≤ 0 off the supports (book,
        lem-nuclear-dual).

    Raises:
        NTPDataError: no token is out of support anywhere, or a tolerance outside (0, 1).
        DidNotConvergeError: the gap was not reached.

    Example:
        >>> from ntp_lib import synthetic
        >>> float(round(nuclear_margin(synthetic.toy_2d()).norm, 4))
        2.9659
    """
    tolerance = real_number(tolerance, "tolerance", above=0, below=1)
    data.require_out_of_support()
    support = data.support_mask
    rows, row_of = kinds(support) if merge else _alone(len(support))
    columns, column_of = kinds(support.T) if merge else _alone(support.shape[1])
    counts = np.outer(np.bincount(row_of), np.bincount(column_of)).astype(float)
    logits, dual, iterations = _solve_reduced(support[np.ix_(rows, columns)], counts)
    everywhere = np.ix_(row_of, column_of)
    basis = NTPData(np.eye(data.num_contexts), data.context_probs, data.next_token_probs)
    L = _feasible_logits(logits[everywhere], support)
    A = _feasible_dual((dual / counts)[everywhere], support)
    solution = MarginSolution(basis, NUCLEAR, L.T, A, tolerance, "CLARABEL", iterations)
    if not (solution.gap <= tolerance and solution.margin >= 1 - 1e-9):
        raise DidNotConvergeError(
            f"the nuclear-norm programme ended with gap {solution.gap:.1e}, asked for {tolerance:.1e}"
        )
    return solution


def kinds(support: Bools) -> tuple[Ints, Ints]:
    """Equal rows of booleans: the first row of each kind, and the kind of every row."""
    _, first, kind = np.unique(support, axis=0, return_index=True, return_inverse=True)
    return first.astype(np.int64), kind.ravel().astype(np.int64)


def _alone(size: int) -> tuple[Ints, Ints]:
    return np.arange(size), np.arange(size)


def _solve_reduced(support: Bools, counts: Floats) -> tuple[Floats, Floats, int]:
    """One row and column per kind, ‖√counts · X‖_* as the norm; X, its multipliers, iterations."""
    import cvxpy as cp

    accuracy = 1e-10
    # The embeddings are the standard basis, so that the variable is the transposed matrix of logits.
    found = programme.solve(
        np.eye(len(support)),
        support,
        lambda X: cp.normNuc(cp.multiply(np.sqrt(counts).T, X)),
        options={"solver": "CLARABEL", "tol_gap_abs": accuracy, "tol_gap_rel": accuracy, "tol_feas": accuracy},
    )
    if found.X is None or found.multipliers is None:
        raise DidNotConvergeError(f"the nuclear-norm programme was not solved: {found.status}")
    return found.X.T, found.multipliers, found.iterations


def _feasible_logits(logits: Floats, support: Bools) -> Floats:
    """Exact ties, rows that sum to zero, and a least margin of one."""
    level = np.where(support, logits, 0.0).sum(axis=1) / support.sum(axis=1)
    below = np.where(support, 0.0, logits - level[:, None])
    below /= -below[~support].max()
    return np.asarray(below - below.mean(axis=1)[:, None])


def _feasible_dual(dual: Floats, support: Bools) -> Floats:
    """Nonpositive off the supports, rows that sum to zero, spectral norm one."""
    off = np.where(support, 0.0, np.minimum(dual, 0.0))
    inside = np.where(support, dual, 0.0)
    missing = -(off.sum(axis=1) + inside.sum(axis=1)) / support.sum(axis=1)
    whole = off + np.where(support, inside + missing[:, None], 0.0)
    return np.asarray(whole / np.linalg.norm(whole, ord=2))
