"""Accuracy recomputed from the problem, whoever solved it, by arithmetic of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from ntp_lib.companion.benchmarks.cases import Judge
from ntp_lib.companion.benchmarks.records import Requirement
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins.margins import context_margins
from ntp_lib.numerics.aliases import Floats


def matched_svm(tolerance: float) -> tuple[Requirement, ...]:
    """Margin, tie and least norm to a tolerance (book, def-matched-accuracy)."""
    return (
        Requirement("margin", "at least", 1 - tolerance),
        Requirement("spread", "at most", tolerance),
        Requirement("gap", "at most", tolerance),
    )


MATCHED_SVM = matched_svm(1e-6)
# The margin a certificate may leave, per unit of ‖W‖ and embedding length: what a general solver reaches.
PROVED = (Requirement("excluded", "at most", 1e-9),)


class SVMJudge(Judge):
    """Margin (6b), in-support spread (6a) and relative distance of ½‖W‖² from the best lower bound proved so far.

    Multipliers handed in with an answer are made feasible first, so that by weak duality the bound they give holds
    whatever solver they came from. An answer without multipliers is judged by the bounds of the others.
    """

    def __call__(self, problem: NTPData, value: tuple[Floats, Any]) -> dict[str, float]:
        """margin, spread and gap of (W, multipliers or None); gap is NaN while no bound is known."""
        W, dual = value
        if dual is not None:
            self.known["bound"] = max(self.known.get("bound", 0.0), dual_bound(dual, problem))
        margins, spreads = context_margins(W, problem)
        bound = self.known.get("bound", 0.0)
        gap = (float(np.linalg.norm(W)) ** 2 / 2 - bound) / bound if bound > 0 else float("nan")
        return {"margin": float(margins.min()), "spread": float(spreads.max()), "gap": gap}


class CertificateJudge(Judge):
    """The margin that a certificate leaves possible, once its rows sum to zero and its signs are right."""

    def __call__(self, problem: NTPData, value: Any) -> dict[str, float]:
        """excluded: ‖AᵀĤ‖ / Σ_{off} |a| for embeddings Ĥ of length one; inf where nothing is off the supports."""
        lengths = np.linalg.norm(problem.embeddings, axis=1)
        weights, total = feasible(sp.csr_array(value).multiply(lengths[:, None]), problem)
        unit = problem.embeddings / np.where(lengths > 0, lengths, 1.0)[:, None]
        return {"excluded": float(np.linalg.norm(weights.T @ unit)) / total if total > 0 else float("inf")}


def feasible(dual: Any, data: NTPData) -> tuple[sp.csr_array, float]:
    """Multipliers without positive entries off the supports, their rows centred there; and −Σ of the former."""
    support = sp.csr_array(data.probs > 0).astype(float)
    inside = sp.csr_array(sp.csr_array(dual).multiply(support))
    off = sp.csr_array(sp.csr_array(dual) - inside).minimum(0)
    surplus = (inside.sum(axis=1) + off.sum(axis=1)) / support.sum(axis=1)
    return sp.csr_array(inside + off - support.multiply(surplus[:, None])), -float(off.sum())


def dual_bound(dual: Any, data: NTPData) -> float:
    """The lower bound on ½‖W^mm‖² that multipliers prove once they are feasible and scaled at their best."""
    repaired, total = feasible(dual, data)
    length = float(np.linalg.norm(repaired.T @ data.embeddings)) ** 2
    return total**2 / (2 * length) if length > 0 else 0.0


class AgreementJudge(Judge):
    """Relative distance from a solution computed in yet another way, outside every clock."""

    def __init__(self, expected: Callable[[], Floats]) -> None:
        super().__init__()
        self._expected = expected

    def __call__(self, problem: Any, value: Any) -> dict[str, float]:
        """difference: ‖W − expected‖ / ‖expected‖."""
        expected = self._expected()
        return {"difference": float(np.linalg.norm(value - expected) / np.linalg.norm(expected))}


class PathJudge(Judge):
    """Optimality of every point of a ridge path."""

    def __init__(self, penalties: Sequence[float]) -> None:
        super().__init__()
        self._penalties = penalties

    def __call__(self, problem: NTPData, value: Sequence[Floats]) -> dict[str, float]:
        """residual: the largest ‖∇CE(W) + λW‖ / (λ‖W‖); W in float64 leaves about 1e-16 over the least λ."""
        probs, weights = problem.probs.toarray(), problem.context_probs[:, None]
        worst = 0.0
        for penalty, W in zip(self._penalties, value, strict=True):
            ridge = penalty * W
            left = np.linalg.norm(slope(W, problem.embeddings, probs, weights) + ridge) / np.linalg.norm(ridge)
            worst = max(worst, float(left))
        return {"residual": worst}


def slope(W: Floats, embeddings: Floats, probs: Floats, weights: Floats) -> Floats:
    """∇CE in plain NumPy: softmax minus probabilities, nothing of the library's."""
    logits = embeddings @ W.T
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(((odds / odds.sum(axis=1, keepdims=True) - probs) * weights).T @ embeddings)


def descend(data: NTPData, *, step_size: float, steps: int, normalised: bool = False) -> Floats:
    """W after steps of (normalised) gradient descent from zero, with that slope."""
    embeddings, probs, weights = data.embeddings, data.probs.toarray(), data.context_probs[:, None]
    W = np.zeros((data.vocab_size, data.dim))
    for _ in range(steps):
        gradient = slope(W, embeddings, probs, weights)
        W -= (step_size / np.linalg.norm(gradient) if normalised else step_size) * gradient
    return W
