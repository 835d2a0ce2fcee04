"""The margin constraints on chosen pairs: what a sparse dual variable proves, without an array over all pairs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins.working_set.linear_half import Gram
from ntp_lib.margins.working_set.pairs import Pairs
from ntp_lib.numerics.aliases import Floats
from ntp_lib.subspaces.in_support import unit_embeddings

# Contexts up to which arrays of m² numbers are made (288 MB each).
MAX_CONTEXTS = 6000


@dataclass(frozen=True, eq=False)
class SparseProblem:
    """Minimise ½‖W‖² under (6a) and (6b), for unit embeddings and margins 1/‖h̄_j‖.

    Attributes:
        rows: ĥ_j, (m, d).
        lengths: ‖h̄_j‖, (m,).
        probs: any array whose stored entries are the supports, (m, V).
    """

    rows: Floats
    lengths: Floats
    probs: sp.csr_array

    @classmethod
    def of(cls, data: NTPData, *, unit_lengths: bool = False) -> SparseProblem:
        """The constraints of (6a) and (6b).

        Args:
            data: the problem.
            unit_lengths: set all lengths to one; separability does not depend on them.
        """
        rows, lengths = unit_embeddings(data)
        return cls(rows, np.ones_like(lengths) if unit_lengths else lengths, data.probs)

    @cached_property
    def products(self) -> Floats | None:
        """Inner products of the rows, (m, m); None beyond MAX_CONTEXTS contexts."""
        return self.rows @ self.rows.T if len(self.rows) <= MAX_CONTEXTS else None

    def gram(self, precision: npt.DTypeLike) -> Gram:
        """The inner products as the linear half looks them up."""
        return Gram(self.rows.astype(precision, copy=False), self.products)

    def on(self, pairs: Pairs) -> RestrictedProblem:
        """The constraints of some pairs."""
        return RestrictedProblem(self, pairs)


@dataclass(frozen=True, eq=False)
class RestrictedProblem:
    """The constraints on a set of pairs.

    Attributes:
        whole: the problem.
        pairs: those kept, p of them; all the supports are among them.
    """

    whole: SparseProblem
    pairs: Pairs

    @cached_property
    def shifts(self) -> Floats:
        """0 on the supports, 1/‖h̄_j‖ off them, (p,)."""
        return np.where(self.pairs.support, 0.0, 1 / self.whole.lengths[self.pairs.contexts])

    def repaired(self, A: Floats) -> Floats:
        """A with exact row sums of zero and no positive entry off the supports, (p,)."""
        support = self.pairs.support
        A = np.where(support, A, np.minimum(A, 0.0))
        excess = self.pairs.sums(A) / self.pairs.support_sizes
        return np.where(support, A - excess[self.pairs.contexts], A)

    def decoder(self, A: Floats) -> Floats:
        """W = Aᵀ·rows, (V, d)."""
        return np.asarray(self.pairs.array(A).T.tocsr() @ self.whole.rows)

    def logits(self, W: Floats) -> Floats:
        """Logits of W on the pairs, (p,)."""
        order, starts = self.pairs.by_token, self.pairs.token_starts
        result = np.empty(len(order))
        contexts = self.pairs.contexts[order]
        for token in np.flatnonzero(np.diff(starts)).tolist():
            part = slice(starts[token], starts[token + 1])
            result[order[part]] = self.whole.rows[contexts[part]] @ W[token]
        return result

    def levels(self, logits: Floats) -> tuple[Floats, Floats]:
        """Least and largest logit in support of every context, each (m,)."""
        starts, support = self.pairs.starts[:-1], self.pairs.support
        lowest = np.minimum.reduceat(np.where(support, logits, np.inf), starts)
        return lowest, np.maximum.reduceat(np.where(support, logits, -np.inf), starts)

    def slacks(self, logits: Floats) -> Floats:
        """By how much every pair off the supports misses its margin, in units of it; −∞ on the supports, (p,)."""
        contexts = self.pairs.contexts
        missed = (logits - self.levels(logits)[0][contexts]) * self.whole.lengths[contexts] + 1
        return np.where(self.pairs.support, -np.inf, missed)

    def violation(self, logits: Floats) -> float:
        """Largest violation of (6a) and (6b) on the pairs, in units of the margin asked for."""
        lowest, highest = self.levels(logits)
        spread = float(((highest - lowest) * self.whole.lengths).max())
        return max(spread, float(self.slacks(logits).max()))

    def gap(self, A: Floats, W: Floats) -> float:
        """(primal − dual value) / primal value at W = Aᵀ·rows, +∞ for A = 0."""
        quadratic, linear = float(np.vdot(W, W)), -float(A @ self.shifts)
        return 2 * (quadratic - linear) / quadratic if quadratic > 0 else float("inf")

    def excluded_margin(self, A: Floats, W: Floats) -> float:
        """‖W‖ / Σ |a_jv| over pairs off the supports, W = Aᵀ·rows: no unit decoder has a larger margin."""
        mass = -float(A[~self.pairs.support].sum())
        return float(np.linalg.norm(W)) / mass if mass > 0 else float("inf")
