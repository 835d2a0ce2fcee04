"""NTP_H-compatibility: can the in-support logits equal the log-odds of the data? (paper, Def. 1)"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ntp_lib.conditions import explanation, log_odds_conflict
from ntp_lib.conditions.certificates import independent_contexts
from ntp_lib.conditions.in_support import unit_embeddings
from ntp_lib.conditions.scaling import binary_exponent, decimal, scaled_rows
from ntp_lib.conditions.subspace import Subspace, subspace, subspace_of
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.data.results import result
from ntp_lib.errors import DidNotConvergeError, NTPDataError

Floats = npt.NDArray[np.float64]

# Residual of (4), relative to the largest log-odds, up to which the equations count as solved: far above the
# rounding of an ill-conditioned but solvable system (1e-16 times a condition number of 1e6), far below any
# generic inconsistency (of the order of the log-odds themselves).
RESIDUAL_TOLERANCE = 1e-9
# Relative error of W* up to which a solution of independent equations is taken for one: they are solvable, and cut
# off singular values magnify rounding by no more than this.
ROUNDED_ENTRIES = 1e-9
MAX_NEWTON_STEPS = 200
# A slope of this size, per length of the longest embedding, is a rounding of probabilities. A Newton step that
# does not even halve the last one there is rounding too, magnified where probabilities near 1e-12 leave CE_F flat.
ROUNDED_SLOPE = 1e-14


@result
class Compatibility:
    """Outcome of `compatibility`.

    Attributes:
        holds: whether (4) has a solution: True where W meets it to the tolerance, or where its equations are
            independent, whatever the lengths of the contexts; False where a certificate excludes every decoder up
            to `excluded_norm`; None where neither was found, or where the embeddings are independent in exact
            arithmetic, so that longer decoders meet the log-odds.
        W_least_squares: the element of F that solves (4) in the least-squares sense (unit embeddings), (V, d).
        residual: largest violation of (4) at that point, nats: max over j and z, z' ∈ S_j of
            |(e_z − e_z')ᵀ W h̄_j − log(p̂_jz/p̂_jz')|, recomputed from the data.
        residuals: the same per context, (m,); large values name the contexts in conflict.
        tolerance: what `residual` was compared with, nats. A larger residual of compatible data is what the
            rounding of a very long W* leaves.
    """

    holds: bool | None
    W_least_squares: Floats = field(repr=False)
    residual: float
    residuals: Floats = field(repr=False)
    tolerance: float
    F: Subspace = field(repr=False)

    @property
    def W_star(self) -> Floats | None:
        """W*, the one solution of (4) in F, rounded, shape (V, d); None unless the data are compatible."""
        return self.W_least_squares if self.holds else None

    @cached_property
    def W_finite(self) -> Floats:
        """W° = argmin over F of CE_F, shape (V, d): always defined, and W* when the data are compatible.

        Raises:
            DidNotConvergeError: Newton's method did not reach a stationary point.
        """
        return self.W_least_squares if self.holds else _minimise_in_support(self.F, self.W_least_squares)

    @cached_property
    def certificate(self) -> Floats | None:
        """C, (m, V), that proves incompatibility; None unless `holds` is False (book, thm-incompatible).

        Zero off the supports, rows summing to zero, Cᵀ·embeddings = 0 up to rounding and Σ c_jz log p̂_jz ≠ 0,
        largest entry one. Sparse where a linear programme of that size is cheap: no proper subset of its pairs is
        then in conflict.
        """
        return log_odds_conflict.certificate(self.F, _targets(self.F)[0]) if self.holds is False else None

    @cached_property
    def conflict(self) -> float:
        """Nats by which every decoder misses some log-odds, half of it up to `excluded_norm`; else 0."""
        return 0.0 if self.certificate is None else log_odds_conflict.conflict(self.certificate, self.F.data)

    @cached_property
    def excluded_norm(self) -> float:
        """‖W‖ up to which the certificate proves half of `conflict`; beyond, rounding hides it; 0 without one."""
        return 0.0 if self.certificate is None else log_odds_conflict.excluded_norm(self.certificate, self.F.data)

    def verify(self) -> bool:
        """Check W* or the certificate against the data alone; False when undecided.

        W* must meet (4) to the tolerance; or the equations must be independent by their singular values, computed
        anew, and W* meet them to the rounding of its own entries.
        """
        if self.holds is None:
            return False
        data = self.F.data
        if not self.holds:
            return self.conflict > 0 and not _independent(data)
        violations = log_odds_violations(self.W_least_squares, data)
        if float(violations.max()) <= self.tolerance:
            return True
        F = subspace(data)
        return F.dim == F.differences.count and _is_rounding(violations, self.W_least_squares, data)

    def explain(self) -> str:
        """The verdict in words, with the contexts and tokens responsible."""
        return explanation.of_compatibility(self)


def compatibility(data: NTPData, *, F: Subspace | None = None) -> Compatibility:
    """Decide whether the data are NTP_H-compatible (paper, Def. 1, (4)).

    Args:
        data: the problem.
        F: its subspace, if already computed.

    Returns:
        The verdict with W*, or with the contexts whose log-odds cannot be met, or undecided.

    Raises:
        NTPDataError: F is that of other data, or embeddings so short that the decoders are beyond float64.
        DidNotConvergeError: the problem is too large for the rank decision (see `Subspace`).
    """
    F = subspace_of(data, F)
    targets, exponent = _targets(F)
    factors = F.factorisation
    W = F.embed((factors.U.T @ targets) / factors.sigma)
    W = W + F.embed((factors.U.T @ (targets - F.differences.apply(W))) / factors.sigma)
    W = _in_range(W, exponent)
    spreads = log_odds_violations(W, data)
    tolerance = RESIDUAL_TOLERANCE * max(1.0, float(np.ptp(np.log(data.probs.data))))
    residual = float(spreads.max())
    if residual <= tolerance or (F.dim == F.differences.count and _is_rounding(spreads, W, data)):
        return Compatibility(True, W, residual, spreads, tolerance, F)
    excluded = log_odds_conflict.conflict(log_odds_conflict.projected(F, targets), data) > 0
    return Compatibility(
        False if excluded and not _independent(data) else None, W, residual, spreads, tolerance, F
    )


def _independent(data: NTPData) -> bool:
    """Whether Lemma 1 applies in exact arithmetic, so that some decoder, however long, meets all log-odds."""
    return independent_contexts(data, np.ones(data.num_contexts, dtype=bool))


def _targets(F: Subspace) -> tuple[Floats, int]:
    """Contrasts of the log-odds over unit embeddings, times 2^−exponent, (N,); and the exponent, mostly 0."""
    _, norms, exponents = scaled_rows(F.data)
    exponent, places = -int(exponents.min()), F.data.support_rows
    log_odds = np.log(F.data.probs.data) / norms[places]
    if exponents.any():
        log_odds = np.ldexp(log_odds, (-exponents - exponent)[places])
    return np.asarray(F.differences.contrasts @ log_odds), exponent


def _in_range(W: Floats, exponent: int) -> Floats:
    with np.errstate(over="ignore"):
        found = np.ldexp(W, exponent) if exponent else W
    if not np.isfinite(found).all():
        raise NTPDataError(
            f"embeddings: the shortest are about {decimal(-exponent)} long, so decoders that meet the log-odds "
            "are beyond float64; scale the embeddings up"
        )
    return found


def log_odds_violations(W: Floats, data: NTPData) -> Floats:
    """Per context, max over z, z' ∈ S_j of |(e_z − e_z')ᵀ W h̄_j − log(p̂_jz/p̂_jz')|, nats, shape (m,)."""
    rows, tokens = data.support_rows, data.probs.indices
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.einsum("nd,nd->n", W[tokens], data.embeddings[rows]) - np.log(data.probs.data)
        starts = data.probs.indptr[:-1]
        spreads = np.maximum.reduceat(values, starts) - np.minimum.reduceat(values, starts)
    # Logits beyond float64's range violate whatever is asked of them.
    return np.asarray(np.where(data.support_sizes == 1, 0.0, np.nan_to_num(spreads, nan=np.inf, posinf=np.inf)))


def _is_rounding(violations: Floats, W: Floats, data: NTPData) -> bool:
    """Whether every violation is explained by a relative error of ROUNDED_ENTRIES in W."""
    exponent = binary_exponent(W)
    length = float(np.linalg.norm(np.ldexp(W, -exponent)))
    with np.errstate(over="ignore"):
        allowed = np.ldexp(ROUNDED_ENTRIES * length * unit_embeddings(data)[1], exponent)
    return bool(np.all(violations <= allowed))


def _minimise_in_support(F: Subspace, start: Floats) -> Floats:
    """Damped Newton for the strictly convex CE_F over F (book, lem-cef).

    The coordinates x of W are those of its in-support differences A W = U x: nearly parallel contexts make W
    ill-conditioned in its own coordinates, but not in these.
    """
    data = F.data
    rows, weights = data.support_rows, data.context_probs[data.support_rows]
    factors, lengths = F.factorisation, unit_embeddings(data)[1]
    logit_map = np.asarray((F.differences.contrasts.T @ factors.U) * lengths[rows][:, None])
    # Where log-odds are in conflict their least-squares fit can lie far out, with every softmax saturated.
    candidates = [
        (_in_support_loss(data, logit_map @ x), x) for x in (np.zeros(F.dim), F.coordinates(start) * factors.sigma)
    ]
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
        size, loss, q = _backtracked(partial(_loss_along, data, logit_map, x, step), loss, float(slope @ step))
        x = x + size * step
        if np.linalg.norm(step) <= 1e-10 * (1 / longest + np.linalg.norm(x)) and size == 1.0:
            return F.embed(x / factors.sigma)  # the quadratic phase is over: the next step would be rounding
    raise DidNotConvergeError(
        f"the minimiser of CE_F over F was not reached in {MAX_NEWTON_STEPS} Newton steps "
        f"(gradient norm {np.linalg.norm(slope):.1e})"
    )


def _loss_along(data: NTPData, logit_map: Floats, x: Floats, step: Floats, size: float) -> tuple[float, Floats]:
    return _in_support_loss(data, logit_map @ (x + size * step))


def _backtracked(
    loss_at: Callable[[float], tuple[float, Floats]], loss: float, slope: float
) -> tuple[float, float, Floats]:
    """The largest of 1, ½, ¼, … that lowers the loss by 1e-4 of what its slope promises (Armijo).

    Args:
        loss_at: the loss and its probabilities, by the size of the step.
        loss: before the step.
        slope: along it, negative.
    """
    size = 1.0
    while True:
        new_loss, q = loss_at(size)
        # Rounding of the loss itself is no rise; steps of 1e-10 change nothing else.
        if new_loss <= loss + 1e-4 * size * slope + 1e-15 or size < 1e-10:
            return size, new_loss, q
        size /= 2


def _in_support_loss(data: NTPData, logits: Floats) -> tuple[float, Floats]:
    starts, rows = data.probs.indptr[:-1], data.support_rows
    shifted = logits - np.maximum.reduceat(logits, starts)[rows]
    log_sums = np.log(np.add.reduceat(np.exp(shifted), starts))
    log_q = shifted - log_sums[rows]
    return float(-(data.context_probs[rows] * data.probs.data) @ log_q), np.exp(log_q)
