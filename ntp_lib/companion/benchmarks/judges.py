"""Accuracy recomputed from the problem, whoever solved it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ntp_lib.companion.benchmarks.records import Requirement
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins.certificates import repaired_certificate
from ntp_lib.margins.margins import context_margins
from ntp_lib.numerics.aliases import Floats

MATCHED_SVM = (
    Requirement("margin", "at least", 1 - 1e-6),
    Requirement("spread", "at most", 1e-6),
    Requirement("gap", "at most", 1e-6),
)


class SVMJudge:
    """Margin (6b), in-support spread (6a) and relative distance of ½‖W‖² from the best lower bound proved so far.

    Multipliers handed in with an answer are made feasible first, so that by weak duality the bound they give holds
    whatever solver they came from. An answer without multipliers is judged by the bounds of the others.
    """

    def __init__(self) -> None:
        self.known: dict[str, float] = {}

    def __call__(self, problem: NTPData, value: tuple[Floats, Floats | None]) -> dict[str, float]:
        """margin, spread and gap of (W, multipliers or None); gap is NaN while no bound is known."""
        W, dual = value
        if dual is not None:
            self.known["bound"] = max(self.known.get("bound", 0.0), dual_bound(dual, problem))
        margins, spreads = context_margins(W, problem)
        bound = self.known.get("bound", 0.0)
        primal = float(np.linalg.norm(W)) ** 2 / 2
        gap = (primal - bound) / bound if bound > 0 else float("nan")
        return {"margin": float(margins.min()), "spread": float(spreads.max()), "gap": gap}


def dual_bound(dual: Floats, data: NTPData) -> float:
    """The lower bound on ½‖W^mm‖² that multipliers prove once they are feasible and scaled at their best."""
    feasible = repaired_certificate(dual, data)
    off = np.where(data.support_mask, 0.0, feasible)
    length = float(np.linalg.norm(feasible.T @ data.embeddings)) ** 2
    return float(off.sum()) ** 2 / (2 * length) if length > 0 else 0.0


class AgreementJudge:
    """Relative distance from a solution computed in yet another way, outside every clock."""

    def __init__(
        self, expected: Callable[[], Floats], taken: Callable[[Any], Floats] = lambda value: value
    ) -> None:
        self.known: dict[str, float] = {}
        self._expected, self._taken = expected, taken

    def __call__(self, problem: Any, value: Any) -> dict[str, float]:
        """difference: ‖W − expected‖ / ‖expected‖."""
        expected = self._expected()
        return {"difference": float(np.linalg.norm(self._taken(value) - expected) / np.linalg.norm(expected))}


class ReportingJudge:
    """For answers that are numbers already, each recomputed from the data by the contender's library call."""

    def __init__(self) -> None:
        self.known: dict[str, float] = {}

    def __call__(self, problem: Any, value: dict[str, float]) -> dict[str, float]:
        """The numbers themselves."""
        return value
