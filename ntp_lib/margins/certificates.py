"""Certificates of (non-)separability, checked from the data alone.

Either there is a direction W^d satisfying (6a) and (6b), or there is A ≠ 0 of shape (m, V) with rows summing to
zero, A ≤ 0 off the supports and not all zero there, and Aᵀ·embeddings = 0 (Farkas; thm-farkas in the book).
In float64 the last holds up to rounding, so that a certificate excludes all margins but those below a bound.
Certificates are NumPy arrays or, of large data, CSR; nothing of size m·V is made for the latter.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins.margins import context_margins
from ntp_lib.margins.multipliers import (
    Multipliers,
    entrywise,
    fits_dense,
    in_support,
    off_support,
    row_peaks,
    row_sums,
    supports_scaled,
    values,
)
from ntp_lib.numerics.aliases import Bools, Floats
from ntp_lib.subspaces import independence
from ntp_lib.subspaces.in_support import unit_embeddings
from ntp_lib.subspaces.scaling import SQUARABLE, scaled_rows

# Margins are measured for unit embeddings and ‖W‖ = 1. A direction must reach this one; below, the spread of its
# ties is no longer small beside it. It leaves seven digits above the rounding of a product.
DECISIVE_MARGIN = 1e-9
# A certificate must leave no larger margin than this one possible: rounding leaves 1e-17 to 1e-14 of an
# exact one.
EXCLUDED_MARGIN = 1e-13
# In-support spread of a direction, relative to its margin of one: rounding of logits, not a violation of (6a).
SPREAD_TOLERANCE = 1e-7
# The same where Lemma 1 proves that there is a direction: it may be close to the rounding.
LEMMA_1_SPREAD = 1e-2
# Rows of a certificate with less than this share of its weight are rounding.
LEAST_SHARE = 1e-12
# Multipliers of a solver below this fraction of the largest are its tolerance.
NEGLIGIBLE = 1e-10


def direction_margin(direction: Floats, data: NTPData) -> float:
    """Least margin per unit of ‖W‖ and of embedding length, or −inf where (6a) fails beyond rounding."""
    peak = float(np.abs(direction).max())
    if not 0 < peak < np.inf:
        return -np.inf
    if not 2.0**-SQUARABLE < peak < 2.0**SQUARABLE:
        direction = np.ldexp(direction, -int(np.frexp(peak)[1]))
    margins, spreads = context_margins(direction, data, unit_embeddings(data)[0])
    least = float(margins.min())
    # A context whose support is the whole vocabulary has no margin of its own, but its logits must tie too.
    if np.any(spreads > SPREAD_TOLERANCE * np.where(np.isfinite(margins), margins, least)):
        return -np.inf
    return least / float(np.linalg.norm(direction))


def direction_holds(direction: Floats, data: NTPData) -> bool:
    """Whether a direction has a decisive margin, or a smaller one that Lemma 1 proves to be there."""
    return direction_margin(direction, data) >= DECISIVE_MARGIN or lemma_1_direction(direction, data)


def lemma_1_direction(direction: Floats, data: NTPData) -> bool:
    """Whether the embeddings are independent in exact arithmetic, and margins exceed the rounding of ties.

    Then the data are separable (Lemma 1), and the direction is one but for the rounding of its entries, which
    nearly parallel embeddings magnify.
    """
    if not 0 < float(np.abs(direction).max()) < np.inf:
        return False
    margins, spreads = context_margins(direction, data, unit_embeddings(data)[0])
    ties = spreads <= LEMMA_1_SPREAD * np.where(np.isfinite(margins), margins, margins.min())
    return bool(margins.min() > 0 and ties.all()) and independent_contexts(data, np.ones(len(margins), dtype=bool))


def certificate_margin(certificate: Multipliers, data: NTPData) -> float:
    """Largest margin that the certificate leaves possible; 0 for an exact one, inf for a matrix that is none.

    For any W satisfying (6a), Σ_jz a_jz (e_z − e_{z_j})ᵀ W ĥ_j = ⟨W, Aᵀ Ĥ⟩, and the left side is at least
    margin · Σ |a_jv| over the pairs off support: so margin ≤ ‖W‖ ‖Aᵀ Ĥ‖ / Σ |a_jv|.
    """
    if not np.isfinite(values(certificate)).all() or not values(certificate).any():
        return np.inf
    unit, weights = unit_embeddings(data)[0], unit_weights(certificate, data)
    off = values(off_support(weights, data))
    total = -off.sum()
    if np.any(off > 0) or total <= 0:
        return np.inf
    if np.abs(row_sums(weights)).max() > 1e-12 * total:
        return np.inf
    return float(np.linalg.norm(weights.T @ unit) / total)


def certificate_holds(certificate: Multipliers, data: NTPData) -> bool:
    """Whether no margin above EXCLUDED_MARGIN is left, and exact arithmetic does not contradict the certificate.

    Contexts whose embeddings are independent are separable (Lemma 1), so that a certificate about such contexts
    alone is rounding, however little it leaves.
    """
    if certificate_margin(certificate, data) > EXCLUDED_MARGIN:
        return False
    weights = row_sums(abs(unit_weights(certificate, data)))
    return not independent_contexts(data, weights > LEAST_SHARE * weights.sum())


def independent_contexts(data: NTPData, chosen: Bools) -> bool:
    """Whether exact arithmetic proves the embeddings of the contexts chosen, (m,), independent."""
    rows = data.embeddings[chosen]
    few = len(rows) <= data.dim and independence.affordable(*rows.shape)
    return few and independence.independent(rows)


def unit_weights(certificate: Multipliers, data: NTPData) -> Multipliers:
    """A certificate for unit embeddings, (m, V), its largest entry between 1/2 and 1: row j times ‖h̄_j‖."""
    _, norms, exponents = scaled_rows(data)
    peaks = row_peaks(certificate)
    own = np.asarray(np.frexp(peaks)[1], dtype=np.int32)
    exponents = exponents + own
    exponents = exponents - exponents[peaks > 0].max(initial=-(2**14))
    weights = entrywise(
        certificate, lambda entries, j: np.ldexp(np.ldexp(entries, -own[j]) * norms[j], exponents[j])
    )
    largest = -int(np.frexp(np.abs(values(weights)).max(initial=0.0))[1])
    return entrywise(weights, lambda entries, _: np.ldexp(entries, largest))


def for_embeddings(weights: Multipliers, data: NTPData) -> Multipliers:
    """A certificate for the embeddings as given from one for unit ones, (m, V): row j over ‖h̄_j‖.

    Certificates may be scaled at will; where the embeddings are not of ordinary size, the largest entry is.
    """
    _, norms, exponents = scaled_rows(data)
    if not exponents.any():
        return entrywise(weights, lambda entries, j: entries / norms[j])
    least = exponents[row_peaks(weights) > 0].min(initial=2**14)
    return entrywise(weights, lambda entries, j: np.ldexp(entries / norms[j], (least - exponents)[j]))


def of_a_zero_embedding(data: NTPData) -> Multipliers | None:
    """The certificate of a zero embedding with a token off its support, (m, V): its logits all tie; else None."""
    (found,) = np.nonzero(~(data.embeddings != 0).any(axis=1) & (data.support_sizes < data.vocab_size))
    if not found.size:
        return None
    j, size = int(found[0]), int(data.support_sizes[found[0]])
    row = np.full(data.vocab_size, -1.0)
    row[data.probs.indices[data.probs.indptr[j] : data.probs.indptr[j + 1]]] = (data.vocab_size - size) / size
    if fits_dense(data):
        A = np.zeros(data.probs.shape)
        A[j] = row
        return A
    ends = np.where(np.arange(data.num_contexts + 1) > j, data.vocab_size, 0)
    return sp.csr_array((row, np.arange(data.vocab_size), ends), shape=data.probs.shape)


def sharpened(raw: Floats, data: NTPData) -> Floats:
    """Multipliers for unit embeddings that cancel to rounding, nearest to a solver's and on its pairs, (m, V)."""
    unit = unit_embeddings(data)[0]
    A = np.where(data.support_mask | (raw < -NEGLIGIBLE * np.abs(raw).max()), raw, 0.0)
    contexts, tokens = np.nonzero(A)
    count, (m, d) = len(contexts), unit.shape
    places = np.hstack([contexts[:, None], m + tokens[:, None] * d + np.arange(d)])
    values = np.hstack([np.ones((count, 1)), unit[contexts]])
    ends = np.arange(0, values.size + 1, d + 1)
    sums_and_moments = sp.csr_array((values.ravel(), places.ravel(), ends), shape=(count, m + raw.shape[1] * d)).T
    for _ in range(2):
        left = sums_and_moments @ A[contexts, tokens]
        A[contexts, tokens] -= scipy.sparse.linalg.lsqr(sums_and_moments, left, atol=1e-15, btol=1e-15)[0]
    return A


def repaired_certificate(raw: Multipliers, data: NTPData) -> Multipliers:
    """Make the signs and row sums of a solver's multipliers exact; only Aᵀ·embeddings = 0 stays approximate."""
    if isinstance(raw, np.ndarray):
        support = data.support_mask
        A = np.where(support, raw, np.minimum(raw, 0.0))
        excess = A.sum(axis=1) / support.sum(axis=1)
        return np.asarray(np.where(support, A - excess[:, None], A))
    inside = in_support(raw, data)
    signed = entrywise(raw, lambda entries, _: np.where(inside, entries, np.minimum(entries, 0.0)))
    return sp.csr_array(signed - supports_scaled(row_sums(signed) / data.support_sizes, data))
