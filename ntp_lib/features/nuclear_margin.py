"""Logits of least nuclear norm that tie the supports and clear the others by one (book, def-nuclear-margin)."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError
from ntp_lib.margins import programme
from ntp_lib.numerics.aliases import Bools, Floats, Ints
from ntp_lib.numerics.numbers import real_number
from ntp_lib.numerics.results import result


@result
class NuclearMargin:
    """Solution of minimise ‖L‖_* subject to (6a) and (6b) read in logits.

    The dual is: maximise Σ |a_jv| over the pairs off the supports, for A of shape (m, V) with rows summing to
    zero, a_jv ≤ 0 off the supports and spectral norm at most one.

    Attributes:
        support: S_j as rows of booleans, (m, V).
        logits: L^mm, (m, V); rows sum to zero.
        dual: A, (m, V).
    """

    support: Bools = field(repr=False)
    logits: Floats = field(repr=False)
    dual: Floats = field(repr=False)

    @cached_property
    def norm(self) -> float:
        """‖L^mm‖_*."""
        return nuclear_norm(self.logits)

    @cached_property
    def margin(self) -> float:
        """Least ℓ_jz − ℓ_jv over z ∈ S_j, v ∉ S_j; 1 at the optimum."""
        lowest = np.where(self.support, self.logits, np.inf).min(axis=1)
        return float((lowest - np.where(self.support, -np.inf, self.logits).max(axis=1)).min())

    @cached_property
    def spread(self) -> float:
        """Largest difference of two logits of one support, the violation of (6a); 0 at the optimum."""
        highest = np.where(self.support, self.logits, -np.inf).max(axis=1)
        return float((highest - np.where(self.support, self.logits, np.inf).min(axis=1)).max())

    @cached_property
    def dual_violation(self) -> float:
        """How far A is from dual feasible: spectral norm over one, a positive entry off a support, a row sum."""
        off = np.where(self.support, -np.inf, self.dual).max()
        rows = np.abs(self.dual.sum(axis=1)).max()
        return float(max(np.linalg.norm(self.dual, ord=2) - 1, off, rows))

    @cached_property
    def gap(self) -> float:
        """(‖L‖_* − Σ |a_jv|) / ‖L‖_*: for feasible L and A the least norm is smaller by at most this share."""
        return (self.norm + float(self.dual[~self.support].sum())) / self.norm


def nuclear_norm(L: Floats) -> float:
    """‖L‖_*, the sum of the singular values."""
    return float(np.linalg.norm(L, ord="nuc"))


def nuclear_margin(data: NTPData, *, tolerance: float = 1e-6, merge: bool = True) -> NuclearMargin:
    """Solve minimise ‖L‖_* over L of shape (m, V) subject to ties on the supports and margins of at least one.

    Contexts with equal supports have equal rows in every solution, and tokens that occur in the same supports
    equal columns (book, thm-nuclear-collapse); so one row and one column of each kind are variables. The solver's
    matrices are then made feasible to rounding, and the gap is theirs.

    Args:
        data: the problem; only its supports matter.
        tolerance: largest relative duality gap accepted.
        merge: use the theorem; without it every entry of L is a variable.

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
    logits, dual = _solve_reduced(support[np.ix_(rows, columns)], counts)
    everywhere = np.ix_(row_of, column_of)
    solution = NuclearMargin(
        support,
        _feasible_logits(logits[everywhere], support),
        _feasible_dual((dual / counts)[everywhere], support),
    )
    if not (solution.gap <= tolerance and solution.margin >= 1 - 1e-9):
        raise DidNotConvergeError(
            f"the nuclear-norm programme ended with relative gap {solution.gap:.1e}, asked for {tolerance:.1e}"
        )
    return solution


def kinds(support: Bools) -> tuple[Ints, Ints]:
    """Equal rows of booleans: the first row of each kind, and the kind of every row."""
    _, first, kind = np.unique(support, axis=0, return_index=True, return_inverse=True)
    return first.astype(np.int64), kind.ravel().astype(np.int64)


def _alone(size: int) -> tuple[Ints, Ints]:
    return np.arange(size), np.arange(size)


def _solve_reduced(support: Bools, counts: Floats) -> tuple[Floats, Floats]:
    """One row and column per kind, ‖√counts · X‖_* as the norm; X and the multipliers of its constraints."""
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
    return found.X.T, found.multipliers


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
