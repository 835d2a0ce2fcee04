"""NTP_H-compatibility: can the in-support logits equal the log-odds of the data? (paper, Def. 1)"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from functools import cached_property

import numpy as np

from ntp_lib.conditions import log_odds_conflict
from ntp_lib.conditions.core_newton import log_limit_probabilities
from ntp_lib.conditions.finite_part import minimise_in_support
from ntp_lib.conditions.log_odds_conflict import Certificate
from ntp_lib.conditions.log_odds_fit import (
    is_rounding,
    least_squares,
    log_odds_for_unit_embeddings,
    log_odds_violations,
    nearest_decoder,
)
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins.certificates import independent_contexts
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.relations import Relations
from ntp_lib.subspaces.subspace import Subspace, subspace, subspace_of

# Residual of (4), relative to the largest log-odds, up to which the equations count as solved: far above the
# rounding of an ill-conditioned but solvable system (1e-16 times a condition number of 1e6), far below any
# generic inconsistency (of the order of the log-odds themselves).
RESIDUAL_TOLERANCE = 1e-9
# Entries of the bases of a core's columns up to which all of it is looked at for a certificate: 1 GiB.
MAX_BASIS_ENTRIES = 2**27


@result
class Compatibility:
    """Outcome of `compatibility`.

    Attributes:
        holds: whether (4) has a solution: True where W meets it to the tolerance, or where its equations are
            independent, whatever the lengths of the contexts; False where a certificate excludes every decoder up
            to `excluded_norm`; None where neither was found, or where the embeddings are independent in exact
            arithmetic, so that longer decoders meet the log-odds.
        tolerance: what `residual` was compared with, nats. A larger residual of compatible data is what the
            rounding of a very long W* leaves.
        F: the subspace.
        fit: `W_least_squares` where the verdict needed it, else None.
        excluding: the certificate where the verdict rests on one that was formed already, else None.
    """

    holds: bool | None
    tolerance: float
    F: Subspace = field(repr=False)
    fit: Floats | None = field(default=None, repr=False)
    excluding: Certificate | None = field(default=None, repr=False)

    @cached_property
    def W_least_squares(self) -> Floats:
        """The element of F that solves (4) in the least-squares sense (unit embeddings), (V, d).

        Raises:
            DidNotConvergeError: it was not found.
        """
        return least_squares(self.F) if self.fit is None else self.fit

    @property
    def fit_is_at_hand(self) -> bool:
        """Whether `W_least_squares` is known, or found in seconds."""
        return self.fit is not None or self.F.is_dense or self.F.blocks.is_factored

    @cached_property
    def residuals(self) -> Floats:
        """Violations of (4) per context at that point, nats, (m,); large values name the contexts in conflict."""
        return log_odds_violations(self.W_least_squares, self.F.data)

    @property
    def residual(self) -> float:
        """Largest violation of (4) at that point, nats, recomputed from the data.

        That is the max over j and z, z' ∈ S_j of |(e_z − e_z')ᵀ W h̄_j − log(p̂_jz/p̂_jz')|.
        """
        return float(self.residuals.max())

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
        if self.holds:
            return self.W_least_squares
        if self.F.is_dense:
            return minimise_in_support(self.F, self.W_least_squares)
        return nearest_decoder(self.F, log_limit_probabilities(self.F.relations))

    @cached_property
    def certificate(self) -> Certificate | None:
        """C, (m, V), that proves incompatibility; None unless `holds` is False (book, thm-incompatible).

        Zero off the supports, rows summing to zero, Cᵀ·embeddings = 0 up to rounding and Σ c_jz log p̂_jz ≠ 0,
        largest entry one; a sparse array beyond 2^24 entries. Few pairs where a linear programme of that size is
        cheap: no proper subset of them is then in conflict.
        """
        if self.holds is not False or self.excluding is not None:
            return self.excluding
        return log_odds_conflict.certificate(self.F, log_odds_for_unit_embeddings(self.F))

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
            return _excludes(self.certificate, data)
        violations = log_odds_violations(self.W_least_squares, data)
        if float(violations.max()) <= self.tolerance:
            return True
        F = subspace(data)
        return F.dim == F.differences.count and is_rounding(violations, self.W_least_squares, data)


def compatibility(data: NTPData, *, F: Subspace | None = None) -> Compatibility:
    """Decide whether the data are NTP_H-compatible (paper, Def. 1, (4)).

    Data of any size: a text is decided by the few tokens that share many contexts (book, lem-core).

    Args:
        data: the problem.
        F: its subspace, if already computed.

    Returns:
        The verdict with W*, or with the contexts whose log-odds cannot be met, or undecided.

    Raises:
        NTPDataError: F is that of other data, or embeddings so short that the decoders are beyond float64.
        DidNotConvergeError: neither a certificate nor a decoder was found.
    """
    F = subspace_of(data, F)
    tolerance = RESIDUAL_TOLERANCE * max(1.0, float(np.ptp(np.log(data.probs.data))))
    if not F.is_dense:
        # At scale the certificate is cheap and the decoder is not.
        excluding = _excluding(F)
        if excluding is not None:
            return Compatibility(False, tolerance, F, excluding=excluding)
    W = least_squares(F)
    spreads = log_odds_violations(W, data)
    if spreads.max() <= tolerance or (is_rounding(spreads, W, data) and F.dim == F.differences.count):
        return Compatibility(True, tolerance, F, W)
    excluded = F.is_dense and _excludes(log_odds_conflict.projected(F, log_odds_for_unit_embeddings(F)), data)
    return Compatibility(False if excluded else None, tolerance, F, W)


def _excluding(F: Subspace) -> Certificate | None:
    """A certificate from the relations of F, or of a few tokens where all are too many; None without one."""
    log_odds = log_odds_for_unit_embeddings(F)
    for relations in _attempts(F):
        if len(relations.places):
            C = log_odds_conflict.laid_out(relations.nearest(log_odds), F.data)
            if _excludes(C, F.data):
                return C
    return None


def _attempts(F: Subspace) -> Iterator[Relations]:
    """The relations of F where they fit, else those of the 2, 4, 8, … most frequent tokens while these fit."""
    if F.relations.basis_entries <= MAX_BASIS_ENTRIES:
        yield F.relations
        return
    by_frequency = np.argsort(-np.bincount(F.data.probs.indices, minlength=F.data.vocab_size), kind="stable")
    count = 2
    while (few := Relations.of(F.data, by_frequency[:count])).basis_entries <= MAX_BASIS_ENTRIES:
        yield few
        count *= 2


def _excludes(C: Certificate | None, data: NTPData) -> bool:
    """Whether C proves a conflict, and Lemma 1 does not say that some decoder, however long, solves (4)."""
    if C is None or log_odds_conflict.conflict(C, data) == 0:
        return False
    return not independent_contexts(data, np.ones(data.num_contexts, dtype=bool))
