"""What a solver of the NTP-SVM returns: the matrix, its multipliers, and residuals recomputed from the data."""

from __future__ import annotations

import enum
import math
from dataclasses import field
from functools import cached_property
from typing import Any

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins.margins import context_margins
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import to_numpy
from ntp_lib.numerics.results import copied, result
from ntp_lib.subspaces.scaling import binary_exponent


class SolveStatus(enum.Enum):
    """How a solve ended."""

    OPTIMAL = "margin and duality gap, recomputed from the data, are within the tolerance"
    INACCURATE = "the solver stopped before the recomputed margin and gap reached the tolerance"


@result
class NTPSVMSolution:
    """Solution of minimise ½‖W‖² subject to (6a) and (6b) (paper, Def. 3).

    The dual is: maximise Σ |a_jv| − ½‖Aᵀ·embeddings‖² over A of shape (m, V) with rows summing to zero and
    a_jv ≤ 0 off the supports; at the optimum W = Aᵀ·embeddings.

    Attributes:
        data: the problem.
        W: W^mm, shape (V, d); of the kind the embeddings were given in, as is `dual`.
        dual: A, shape (m, V).
        tolerance: margin and relative gap asked for.
        solver: the solver's name.
        iterations: as the solver counts them.
    """

    data: NTPData = field(repr=False)
    W: Any = copied()
    dual: Any = copied()
    tolerance: float
    solver: str
    iterations: int

    @cached_property
    def _arrays(self) -> tuple[Floats, Floats, Floats]:
        """W, A, and A off the supports, as NumPy arrays."""
        dual = to_numpy(self.dual)
        return to_numpy(self.W), dual, np.where(self.data.support_mask, 0.0, dual)

    @cached_property
    def _context_margins(self) -> tuple[Floats, Floats]:
        return context_margins(self._arrays[0], self.data)

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
        scale = max(float(np.abs(dual).max()), np.finfo(float).tiny)
        return float(max(off.max(), np.abs(dual.sum(axis=1)).max())) / scale

    @cached_property
    def gap(self) -> float:
        """Relative duality gap (½‖W‖² − dual value) / ½‖W‖², with the multipliers scaled at their best.

        Where W and A are feasible, ‖W − W^mm‖² ≤ gap · ‖W‖² (book, lem-duality-gap).
        """
        W, dual, off = self._arrays
        moments = dual.T @ self.data.embeddings
        if not W.any() or not moments.any():
            return np.inf
        # Powers of two keep the squares in range and round nothing.
        scales = [binary_exponent(array) for array in (W, moments, dual)]
        W, moments, off = (np.ldexp(a, -e) for a, e in zip((W, moments, off), scales, strict=True))
        length, primal = float(np.linalg.norm(moments) ** 2), float(np.linalg.norm(W) ** 2) / 2
        shift = 2 * (scales[2] - scales[1] - scales[0])
        return (primal - math.ldexp(float(off.sum()) ** 2 / (2 * length), shift)) / primal

    @property
    def status(self) -> SolveStatus:
        """Whether the recomputed residuals reach the tolerance; `status.value` explains it."""
        accurate = (
            self.margin >= 1 - self.tolerance
            and self.spread <= self.tolerance
            and self.dual_violation <= self.tolerance
            and abs(self.gap) <= max(self.tolerance, 1e-12)
        )
        return SolveStatus.OPTIMAL if accurate else SolveStatus.INACCURATE

    def support_vectors(self, *, threshold: float = 1e-6) -> list[tuple[int, int]]:
        """Pairs (j, v) whose multiplier exceeds `threshold` times the largest: the support vectors."""
        off = -self._arrays[2]
        return [(int(j), int(v)) for j, v in np.argwhere(off > threshold * off.max())]
