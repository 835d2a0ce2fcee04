"""Sharpen an NTP-SVM solution by solving its optimality conditions exactly on the active constraints it found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ntp_lib.conditions.in_support import InSupportDifferences
from ntp_lib.conditions.margins import context_margins
from ntp_lib.references.svm_solution import NTPSVMSolution, SolveStatus

Floats = npt.NDArray[np.float64]

# A polish solves a dense least-norm system of at most this many entries: a second at most.
DENSE_ENTRIES = 2**20
# Multipliers below this fraction of the largest are taken as inactive.
ACTIVE_FRACTION = 1e-5


def polished(solution: NTPSVMSolution) -> NTPSVMSolution:
    """Return the active-set polish where it succeeds, else the solution scaled to margin one where that helps."""
    candidate = _least_norm_on_active_set(solution)
    if candidate is not None and abs(candidate.gap) < abs(solution.gap):
        exact = candidate.margin >= 1 - 1e-9 and candidate.spread <= 1e-9 and candidate.dual_violation <= 1e-12
        if exact:
            return candidate
    rescaled = _at_margin_one(solution)
    return rescaled if rescaled.status is SolveStatus.OPTIMAL else solution


def _at_margin_one(solution: NTPSVMSolution) -> NTPSVMSolution:
    least = float(context_margins(solution.W, solution.data)[0].min())
    if not 0.5 < least < 2:
        return solution
    return replace(solution, W=solution.W / least)


def _least_norm_on_active_set(solution: NTPSVMSolution) -> NTPSVMSolution | None:
    """The least-norm W with (6a) and equality in (6b) on the support vectors, and its multipliers."""
    data = solution.data
    support = data.probs.toarray() > 0
    off = np.where(support, 0.0, -solution.dual)
    contexts, tokens = np.nonzero(off > ACTIVE_FRACTION * off.max())
    differences = InSupportDifferences(data)
    rows = differences.count + len(contexts)
    if rows * data.vocab_size * data.dim > DENSE_ENTRIES:
        return None
    contrasts = np.where(support, 1.0, 0.0) / support.sum(axis=1)[:, None]
    active = contrasts[contexts]
    active[np.arange(len(contexts)), tokens] = -1.0
    active_rows = (active[:, :, None] * data.embeddings[contexts][:, None, :]).reshape(len(contexts), -1)
    matrix = np.vstack([differences.matrix(), active_rows])
    target = np.concatenate([np.zeros(differences.count), np.ones(len(contexts))])
    U, sigma, Qt = np.linalg.svd(matrix, full_matrices=False)
    keep = sigma > max(matrix.shape) * np.finfo(float).eps * sigma[0]
    solved = (U[:, keep].T @ target) / sigma[keep]
    multipliers = U[:, keep] @ (solved / sigma[keep])
    W = (Qt[keep].T @ solved).reshape(data.vocab_size, data.dim)
    return replace(solution, W=W, dual=_as_dual(multipliers, differences, active, contexts))


def _as_dual(
    multipliers: Floats, differences: InSupportDifferences, active: Floats, contexts: npt.NDArray[np.intp]
) -> Floats:
    data = differences.data
    lengths = np.linalg.norm(data.embeddings, axis=1)
    lengths[lengths == 0] = 1.0
    dual = np.zeros(data.probs.shape)
    inside = differences.contrasts.T @ multipliers[: differences.count]
    dual[data.support_rows, data.probs.indices] = inside / lengths[data.support_rows]
    np.add.at(dual, contexts, active * multipliers[differences.count :, None])
    return dual
