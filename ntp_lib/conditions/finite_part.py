"""The finite part W° = argmin over F of CE_F, which every trajectory's projection on F approaches (paper, (5))."""

from __future__ import annotations

from functools import partial

import numpy as np
import scipy.sparse as sp

from ntp_lib.conditions.armijo import backtracked
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import DidNotConvergeError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.subspaces.in_support import unit_embeddings
from ntp_lib.subspaces.subspace import Subspace

MAX_NEWTON_STEPS = 200
# A slope of this size, per length of the longest embedding, is a rounding of probabilities. A Newton step that
# does not even halve the last one there is rounding too, magnified where probabilities near 1e-12 leave CE_F flat.
ROUNDED_SLOPE = 1e-14


def minimise_in_support(F: Subspace, start: Floats) -> Floats:
    """The minimiser of CE_F over F by damped Newton; CE_F is strictly convex there (book, lem-cef).

    Args:
        F: the subspace, small enough for a basis; beyond, see `ntp_lib.conditions.core_newton`.
        start: where Newton's method starts, unless zero is lower; in F, (V, d).

    Returns:
        W°, (V, d).

    Raises:
        DidNotConvergeError: no stationary point was reached.

    The coordinates x of W are those of its in-support differences A W = U x: nearly parallel contexts make W
    ill-conditioned in its own coordinates, but not in these.
    """
    data = F.data
    rows, weights = data.support_rows, data.context_probs[data.support_rows]
    factors, lengths = F.factorisation, unit_embeddings(data)[1]
    logit_map = np.asarray((F.differences.contrasts.T @ factors.U) * lengths[rows][:, None])
    # Where log-odds are in conflict their least-squares fit can lie far out, with every softmax saturated.
    starts = (np.zeros(len(factors.sigma)), F.coordinates(start) * factors.sigma)
    candidates = [(_in_support_loss(data, logit_map @ x), x) for x in starts]
    (loss, q), x = min(candidates, key=lambda candidate: candidate[0][0])
    longest, last_length = float(lengths.max()), float("inf")
    for _ in range(MAX_NEWTON_STEPS):
        slope = logit_map.T @ (weights * (q - data.probs.data))
        means = (
            sp.csr_array((q, np.arange(len(q)), data.probs.indptr), shape=(data.num_contexts, len(q))) @ logit_map
        )
        hessian = (logit_map * (weights * q)[:, None]).T @ logit_map
        hessian -= (means * data.context_probs[:, None]).T @ means
        # Saturated softmaxes leave no curvature; the shift restores a descent there and vanishes with the slope.
        shift = 1e-3 * float(np.linalg.norm(slope)) * longest
        step = -np.linalg.lstsq(hessian + shift * np.eye(len(x)), slope, rcond=None)[0]
        if np.linalg.norm(step) <= 1e-13 * (1 / longest + np.linalg.norm(x)):
            return F.embed(x / factors.sigma)
        if np.linalg.norm(slope) <= ROUNDED_SLOPE * longest and np.linalg.norm(step) > last_length / 2:
            return F.embed(x / factors.sigma)
        last_length = float(np.linalg.norm(step))
        size, loss, q = backtracked(partial(_loss_along, data, logit_map, x, step), loss, float(slope @ step))
        x = x + size * step
        if np.linalg.norm(step) <= 1e-10 * (1 / longest + np.linalg.norm(x)) and size == 1.0:
            return F.embed(x / factors.sigma)  # the quadratic phase is over: the next step would be rounding
    raise DidNotConvergeError(
        f"the minimiser of CE_F over F was not reached in {MAX_NEWTON_STEPS} Newton steps "
        f"(gradient norm {np.linalg.norm(slope):.1e})"
    )


def _loss_along(data: NTPData, logit_map: Floats, x: Floats, step: Floats, size: float) -> tuple[float, Floats]:
    return _in_support_loss(data, logit_map @ (x + size * step))


def _in_support_loss(data: NTPData, logits: Floats) -> tuple[float, Floats]:
    starts, rows = data.probs.indptr[:-1], data.support_rows
    shifted = logits - np.maximum.reduceat(logits, starts)[rows]
    log_sums = np.log(np.add.reduceat(np.exp(shifted), starts))
    log_q = shifted - log_sums[rows]
    return float(-(data.context_probs[rows] * data.probs.data) @ log_q), np.exp(log_q)
