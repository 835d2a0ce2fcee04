"""What every margin programme returns: the matrix, its multipliers, and residuals recomputed from the data."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from dataclasses import field
from functools import cached_property
from typing import Any

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins import multipliers
from ntp_lib.margins.margins import context_margins
from ntp_lib.margins.multipliers import Multipliers
from ntp_lib.margins.norms import Norm
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import to_numpy
from ntp_lib.numerics.results import copied, result
from ntp_lib.subspaces.scaling import binary_exponent


class SolveStatus(enum.Enum):
    """How a solve ended."""

    OPTIMAL = "margin and gap, recomputed from the data, are within the tolerance"
    INACCURATE = "the solver stopped before the recomputed margin and gap reached the tolerance"


@result
class MarginSolution:
    """Solution of minimise ‖W‖ subject to (6a) and (6b), in a norm of choice (paper, Def. 3: the Frobenius norm).

    For every W with (6a) and every A of shape (m, V) with rows summing to zero and a_jv ≤ 0 off the supports,
    margin(W) · Σ |a_jv| ≤ ⟨W, Aᵀ·embeddings⟩ ≤ ‖W‖ ‖Aᵀ·embeddings‖_*, which bounds what is attainable
    (book, lem-dual-bound). In the Frobenius norm W = Aᵀ·embeddings at the optimum.

    Attributes:
        data: the problem; the standard basis where the embeddings are free, so that W is the matrix of logits.
        geometry: the norm. Unless it is strictly convex there may be other minimisers.
        W: a minimiser, of margin one up to the tolerance, shape (V, d); of the kind the embeddings were given in,
            as is `dual`.
        dual: A, shape (m, V); an array up to 2^24 pairs, CSR beyond.
        tolerance: margin and gap asked for.
        solver: the solver's name.
        iterations: as the solver counts them.
    """

    data: NTPData = field(repr=False)
    geometry: Norm
    W: Any = copied()
    dual: Any = copied()
    tolerance: float
    solver: str
    iterations: int = 0

    @cached_property
    def _arrays(self) -> tuple[Floats, Multipliers, Floats]:
        """W and A without tensors, and the entries of A off the supports: an array of them, zeros elsewhere."""
        dual = to_numpy(self.dual)
        return to_numpy(self.W), dual, multipliers.values(multipliers.off_support(dual, self.data))

    @cached_property
    def _context_margins(self) -> tuple[Floats, Floats]:
        return context_margins(self._arrays[0], self.data)

    @property
    def logits(self) -> Floats:
        """The logits of every context, (m, V)."""
        return np.asarray(self.data.embeddings @ self._arrays[0].T)

    @property
    def margin(self) -> float:
        """min over j, v ∉ S_j of (e_z − e_v)ᵀ W h̄_j; 1 at the optimum."""
        return float(self._context_margins[0].min())

    @property
    def spread(self) -> float:
        """Largest in-support logit difference, the violation of (6a); 0 at the optimum."""
        return float(self._context_margins[1].max())

    @cached_property
    def dual_violation(self) -> float:
        """Largest violation of the dual constraints, relative to the largest multiplier."""
        _, dual, off = self._arrays
        scale = max(float(np.abs(multipliers.values(dual)).max(initial=0.0)), np.finfo(float).tiny)
        return float(max(off.max(initial=0.0), np.abs(multipliers.row_sums(dual)).max())) / scale

    @cached_property
    def _sizes(self) -> tuple[tuple[float, int], tuple[float, int]]:
        """‖W‖ and ‖Aᵀ·embeddings‖_*, each as a number and a power of two."""
        W, dual, _ = self._arrays
        return _size(self.geometry.size, W), _size(self.geometry.dual, dual.T @ self.data.embeddings)

    @property
    def norm(self) -> float:
        """‖W‖."""
        return math.ldexp(*self._sizes[0])

    @property
    def attainable(self) -> float:
        """Least margin of W over ‖W‖: the largest there is, up to `gap`."""
        return self.margin / self.norm

    @property
    def bound(self) -> float:
        """‖Aᵀ·embeddings‖_* / Σ |a_jv|: no W under (6a) has a larger margin per unit of ‖W‖."""
        total = -float(self._arrays[2].sum())
        return math.ldexp(*self._sizes[1]) / total if total > 0 else np.inf

    @cached_property
    def gap(self) -> float:
        """1 − attainable / bound: W is optimal up to this share of its margin; 1 where A bounds nothing.

        In the Frobenius norm ‖W − W^mm‖² ≤ 2 · gap · ‖W‖² for W and A that are feasible (book, lem-duality-gap).
        """
        off = self._arrays[2]
        (size, power), (dual, dual_power) = self._sizes
        if size == 0 or dual == 0:
            return 1.0
        # Powers of two keep the quotient in range and round nothing.
        own = binary_exponent(off)
        quotient = self.margin * -float(np.ldexp(off, -own).sum()) / (size * dual)
        return 1 - math.ldexp(quotient, own - power - dual_power)

    @property
    def status(self) -> SolveStatus:
        """Whether the recomputed residuals reach the tolerance; `status.value` explains it."""
        accurate = (
            abs(self.margin - 1) <= self.tolerance
            and self.spread <= self.tolerance
            and self.dual_violation <= self.tolerance
            and abs(self.gap) <= max(self.tolerance, 1e-12)
        )
        return SolveStatus.OPTIMAL if accurate else SolveStatus.INACCURATE

    def verify(self) -> bool:
        """Check margin, ties, multipliers and gap against the data, without the solver."""
        return self.status is SolveStatus.OPTIMAL

    def support_vectors(self, *, threshold: float = 1e-6) -> list[tuple[int, int]]:
        """Pair (j, v) whose multiplier exceeds `threshold` times the largest: the support vectors."""
        _, dual, off = self._arrays
        chosen = -off > threshold * -off.min(initial=0.0)
        if isinstance(dual, np.ndarray):
            return [(int(j), int(v)) for j, v in np.argwhere(chosen)]
        places = zip(multipliers.places(dual)[chosen], dual.indices[chosen], strict=True)
        return [(int(j), int(v)) for j, v in places]


def _size(norm: Callable[[Floats], Floats], W: Floats) -> tuple[float, int]:
    """A norm of W as x · 2^e, also where the squares of its entries leave float64's range."""
    exponent = binary_exponent(W)
    return float(norm(np.ldexp(W, -exponent))), exponent
