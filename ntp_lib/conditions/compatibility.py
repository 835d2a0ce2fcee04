"""NTP_H-compatibility: can the in-support logits equal the log-odds of the data? (paper, Def. 1)"""

from __future__ import annotations

from dataclasses import field
from functools import cached_property

import numpy as np

from ntp_lib.conditions import log_odds_conflict
from ntp_lib.conditions.finite_part import minimise_in_support
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.margins.certificates import independent_contexts
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.in_support import unit_embeddings
from ntp_lib.subspaces.scaling import binary_exponent, decimal, scaled_rows
from ntp_lib.subspaces.subspace import Subspace, subspace, subspace_of

# Residual of (4), relative to the largest log-odds, up to which the equations count as solved: far above the
# rounding of an ill-conditioned but solvable system (1e-16 times a condition number of 1e6), far below any
# generic inconsistency (of the order of the log-odds themselves).
RESIDUAL_TOLERANCE = 1e-9
# Relative error of W* up to which a solution of independent equations is taken for one: they are solvable, and cut
# off singular values magnify rounding by no more than this.
ROUNDED_ENTRIES = 1e-9


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
        return self.W_least_squares if self.holds else minimise_in_support(self.F, self.W_least_squares)

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
