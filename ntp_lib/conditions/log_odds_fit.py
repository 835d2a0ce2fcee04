"""Decoders in F that come nearest to given log-odds, and by how much decoders miss those of the data."""

from __future__ import annotations

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.subspaces.in_support import unit_embeddings
from ntp_lib.subspaces.scaling import binary_exponent, decimal, scaled_rows
from ntp_lib.subspaces.subspace import Subspace

# Relative error of W* up to which a solution of independent equations is taken for one: they are solvable, and cut
# off singular values magnify rounding by no more than this.
ROUNDED_ENTRIES = 1e-9


def least_squares(F: Subspace) -> Floats:
    """The element of F that solves (4) in the least-squares sense (unit embeddings), (V, d)."""
    log_odds = np.log(F.data.probs.data)
    return nearest_decoder(F, log_odds)


def nearest_decoder(F: Subspace, logits: Floats) -> Floats:
    """The element of F whose in-support logits come nearest to these, each over its embedding's length, (V, d)."""
    scaled, exponent = _for_unit_embeddings(logits, F.data)
    return in_range(F.nearest_to_logits(scaled), exponent)


def log_odds_for_unit_embeddings(F: Subspace) -> Floats:
    """log p̂ for unit embeddings, up to a power of two, (nnz,)."""
    log_odds = np.log(F.data.probs.data)
    return _for_unit_embeddings(log_odds, F.data)[0]


def _for_unit_embeddings(logits: Floats, data: NTPData) -> tuple[Floats, int]:
    """Logits over the lengths of the embeddings, times 2^−exponent, (nnz,); and the exponent, mostly 0."""
    _, norms, exponents = scaled_rows(data)
    exponent, places = -int(exponents.min()), data.support_rows
    scaled = logits / norms[places]
    if exponents.any():
        scaled = np.ldexp(scaled, (-exponents - exponent)[places])
    return np.asarray(scaled), exponent


def in_range(W: Floats, exponent: int) -> Floats:
    """W times 2^exponent; NTPDataError where that is beyond float64."""
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


def is_rounding(violations: Floats, W: Floats, data: NTPData) -> bool:
    """Whether every violation is explained by a relative error of ROUNDED_ENTRIES in W."""
    exponent = binary_exponent(W)
    length = float(np.linalg.norm(np.ldexp(W, -exponent)))
    with np.errstate(over="ignore"):
        allowed = np.ldexp(ROUNDED_ENTRIES * length * unit_embeddings(data)[1], exponent)
    return bool(np.all(violations <= allowed))
