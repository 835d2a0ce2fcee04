"""Logits of least nuclear norm that tie the supports and clear the others by one (book, def-nuclear-margin)."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError
from ntp_lib.features.feasible import feasible_dual, feasible_logits
from ntp_lib.features.kinds import MergedSupports, kinds
from ntp_lib.features.nuclear_conic import nuclear_conic
from ntp_lib.features.nuclear_splitting import nuclear_splitting
from ntp_lib.features.proxy import centred_support
from ntp_lib.margins.norms import NUCLEAR
from ntp_lib.margins.solution import MarginSolution
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.numerics.numbers import one_of, real_number, whole_number

__all__ = ["NuclearMargin", "kinds", "nuclear_margin", "nuclear_norm"]
SOLVERS = ("splitting", "conic")
# Margins above one, and singular values relative to the largest, below this are taken for rounding of a solver.
ROUNDING = 1e-4


class NuclearMargin(MarginSolution):
    """A solution of the nuclear-norm programme, which `MarginSolution` describes, beside the centred supports S̃.

    Where the programme has several solutions this is one of them: see `ntp_lib.features.uniqueness`.
    """

    @property
    def logits(self) -> Floats:
        """L^mm, (m, V); rows sum to zero."""
        return self._arrays[0].T

    @cached_property
    def _context_margins(self) -> tuple[Floats, Floats]:
        support, logits = self.data.support_mask, self.logits
        lowest = np.where(support, logits, np.inf).min(axis=1)
        highest = np.where(support, logits, -np.inf).max(axis=1)
        return lowest - np.where(support, -np.inf, logits).max(axis=1), highest - lowest

    @cached_property
    def _sizes(self) -> tuple[tuple[float, int], tuple[float, int]]:
        W, dual, _ = self._arrays
        return (float(self.geometry.size(W)), 0), (float(self.geometry.dual(dual)), 0)

    @cached_property
    def slack(self) -> float:
        """Share of the pairs off the supports whose margin is above one, by more than 1e-4."""
        support, logits = self.data.support_mask, self.logits
        lowest = np.where(support, logits, np.inf).min(axis=1)
        return float((lowest[:, None] - logits > 1 + ROUNDING)[~support].mean())

    @cached_property
    def rank(self) -> int:
        """Singular values of the logits above 1e-4 of the largest, or above the root of the gap if more."""
        sigma = np.linalg.svd(self.logits, compute_uv=False)
        return int((sigma > max(ROUNDING, float(np.sqrt(max(self.gap, 0.0)))) * sigma[0]).sum())

    @cached_property
    def proxy_ratio(self) -> float:
        """‖S̃‖_* over the norm: 1 where the centred supports solve the programme."""
        return nuclear_norm(centred_support(self.data)) / self.norm

    @cached_property
    def proxy_cosine(self) -> float:
        """Cosine of S̃ and the logits."""
        proxy = centred_support(self.data)
        return float(np.vdot(proxy, self.logits) / (np.linalg.norm(proxy) * np.linalg.norm(self.logits)))


def nuclear_norm(L: Floats) -> float:
    """‖L‖_*, the sum of the singular values."""
    return float(NUCLEAR.size(L))


def nuclear_margin(
    data: NTPData,
    *,
    solver: str = "splitting",
    tolerance: float = 1e-6,
    max_steps: int = 20_000,
    merge: bool = True,
) -> NuclearMargin:
    """Solve minimise ‖Λ‖_* over Λ of shape (m, V) subject to ties on the supports and margins of at least one.

    Contexts with equal supports have equal rows in every solution, and tokens that occur in the same supports
    equal columns (book, thm-nuclear-collapse); so one row and one column of each kind are variables. The solver's
    matrices are then made feasible to rounding, and the gap is theirs.

    Args:
        data: the problem; only its supports matter.
        solver: "splitting" (`ntp_lib.features.nuclear_splitting`), or "conic", an independent second opinion that
            takes seconds for a thousand pairs of kinds, a thousand times as long as the splitting.
        tolerance: largest gap accepted; the splitting usually leaves less.
        max_steps: of the splitting.
        merge: use the theorem; without it every entry of Λ is a variable.

    Returns:
        The solution for the standard basis as embeddings; its `logits`, (m, V), are L^mm, and their rows sum to
        zero. Its A has spectral norm one: the dual is to maximise Σ |a_jv| over pairs off the supports, for A of
        spectral norm at most one with rows that sum to zero and a_jv ≤ 0 off the supports (book,
        lem-nuclear-dual).

    Raises:
        NTPDataError: no token is out of support anywhere, or an option outside its range.
        DidNotConvergeError: the gap was not reached.

    Example:
        >>> from ntp_lib import synthetic
        >>> float(round(nuclear_margin(synthetic.toy_2d()).norm, 4))
        2.9659
    """
    solver = one_of(solver, "solver", SOLVERS)
    tolerance = real_number(tolerance, "tolerance", above=0, below=1)
    max_steps = whole_number(max_steps, "max_steps", least=1)
    data.require_out_of_support()
    support = data.support_mask
    merged = MergedSupports.of(support, merge=merge)
    L, A, name, iterations = _solved(support, merged, solver, tolerance, max_steps)
    basis = NTPData(np.eye(data.num_contexts), data.context_probs, data.next_token_probs, copy=False)
    solution = NuclearMargin(basis, NUCLEAR, L.T, A, tolerance, name, iterations)
    if not (solution.gap <= tolerance and solution.margin >= 1 - 1e-9):
        raise DidNotConvergeError(
            f"the nuclear-norm programme ended with gap {solution.gap:.1e}, asked for {tolerance:.1e}"
        )
    return solution


def _solved(
    support: Bools, merged: MergedSupports, solver: str, tolerance: float, max_steps: int
) -> tuple[Floats, Floats, str, int]:
    """Feasible logits and multipliers, (m, V); the solver's name and its iterations."""
    if solver == "conic":
        X, multipliers, iterations = nuclear_conic(merged)
        L = feasible_logits(merged.expanded(X), support)
        return L, feasible_dual(merged.expanded(multipliers / merged.scale**2), support), "CLARABEL", iterations
    found = nuclear_splitting(merged, tolerance=tolerance, max_steps=max_steps)
    L = feasible_logits(merged.expanded(found.logits), support)
    return L, feasible_dual(merged.expanded(found.dual), support), "nuclear splitting", found.steps
