"""Certificates of (non-)separability, checked from the data alone.

Either there is a direction W^d satisfying (6a) and (6b), or there is A ≠ 0 of shape (m, V) with rows summing to
zero, A ≤ 0 off the supports and not all zero there, and Aᵀ·embeddings = 0 (Farkas; thm-farkas in the book).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntp_lib.conditions.in_support import unit_embeddings
from ntp_lib.conditions.margins import context_margins
from ntp_lib.data.ntp_data import NTPData

Floats = npt.NDArray[np.float64]

# Margins are measured for unit embeddings and ‖W‖ = 1. A direction must reach this one, a certificate must exclude
# it; between the two roundings nothing is claimed. It leaves seven digits above the rounding of a product.
DECISIVE_MARGIN = 1e-9
# In-support spread of a direction, relative to its margin of one: rounding of logits, not a violation of (6a).
SPREAD_TOLERANCE = 1e-7


def direction_margin(direction: Floats, data: NTPData) -> float:
    """Least margin per unit of ‖W‖ and of embedding length, or −inf where (6a) fails beyond rounding."""
    lengths, norm = unit_embeddings(data)[1], np.linalg.norm(direction)
    margins, spreads = (values / lengths for values in context_margins(direction, data))
    least = float(margins.min())
    # A context whose support is the whole vocabulary has no margin of its own, but its logits must tie too.
    if norm == 0 or np.any(spreads > SPREAD_TOLERANCE * np.where(np.isfinite(margins), margins, least)):
        return -np.inf
    return least / float(norm)


def certificate_margin(certificate: Floats, data: NTPData) -> float:
    """Largest margin that the certificate leaves possible; 0 for an exact one, inf for a matrix that is none.

    For any W satisfying (6a), Σ_jz a_jz (e_z − e_{z_j})ᵀ W ĥ_j = ⟨W, Aᵀ Ĥ⟩, and the left side is at least
    margin · Σ |a_jv| over the pairs off support: so margin ≤ ‖W‖ ‖Aᵀ Ĥ‖ / Σ |a_jv|.
    """
    support = data.support_mask
    unit, lengths = unit_embeddings(data)
    weights = certificate * lengths[:, None]
    off = np.where(support, 0.0, weights)
    total = -off.sum()
    if not np.isfinite(certificate).all() or np.any(off > 0) or total <= 0:
        return np.inf
    if np.abs(weights.sum(axis=1)).max() > 1e-12 * total:
        return np.inf
    return float(np.linalg.norm(weights.T @ unit) / total)


def repaired_certificate(raw: Floats, data: NTPData) -> Floats:
    """Make the signs and row sums of a solver's multipliers exact; only Aᵀ·embeddings = 0 stays approximate."""
    support = data.support_mask
    A = np.where(support, raw, np.minimum(raw, 0.0))
    excess = A.sum(axis=1) / support.sum(axis=1)
    return np.asarray(np.where(support, A - excess[:, None], A))
