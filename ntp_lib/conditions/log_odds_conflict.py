"""Certificates of incompatibility: contexts whose logits cancel for every W while their log-odds do not.

The equations (4) have no solution if and only if there is C of shape (m, V), zero off the supports, with rows
summing to zero, Cᵀ·embeddings = 0 and Σ c_jz log p̂_jz ≠ 0 (book, thm-incompatible). In float64 the logits cancel
up to rounding, so that a certificate excludes every decoder up to some length.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.optimize
import scipy.sparse as sp

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins.certificates import for_embeddings, unit_weights
from ntp_lib.numerics.aliases import Floats
from ntp_lib.subspaces.in_support import unit_embeddings
from ntp_lib.subspaces.scaling import length
from ntp_lib.subspaces.subspace import Subspace

# Entries of the programme's constraint matrix up to which a sparse certificate is looked for: about a second.
SPARSE_ENTRIES = 10**6
# Entries of a certificate, relative to the largest, that the programme's tolerance may leave behind.
NEGLIGIBLE = 1e-9
# ‖Cᵀ Ĥ‖ for unit embeddings relative to Σ|c|: the rounding of multipliers whose logits cancel.
CANCELLATION = 1e-12
# Σ c log p̂ relative to the sum of its absolute terms: far above their rounding.
DECISIVE_CONFLICT = 1e-9


def conflict(C: Floats, data: NTPData) -> float:
    """A lower bound, in nats, of the largest violation of (4) at any W with ‖W‖ up to `excluded_norm`.

    For every W, Σ c_jz (w_z·h̄_j − log p̂_jz) = ⟨W, Cᵀ·embeddings⟩ − Σ c_jz log p̂_jz, and the left side is at most
    half of Σ|c_jz| times the largest violation, because rows of C sum to zero. Returns 0 for a matrix that is no
    certificate: whose logits do not cancel up to rounding, or whose log-odds do.
    """
    inside = data.support_mask
    if not np.isfinite(C).all() or np.any(C[~inside]) or not np.any(C):
        return 0.0
    weights = unit_weights(C, data)
    total = float(np.abs(weights).sum())
    if np.abs(weights.sum(axis=1)).max() > 1e-12 * total:
        return 0.0
    if np.linalg.norm(weights.T @ unit_embeddings(data)[0]) > CANCELLATION * total:
        return 0.0
    terms = _log_terms(C, data)
    gap = abs(float(terms.sum()))
    if gap <= DECISIVE_CONFLICT * float(np.abs(terms).sum()):
        return 0.0
    half = float(np.abs(C).sum()) / 2
    return gap / half


def excluded_norm(C: Floats, data: NTPData) -> float:
    """‖W‖ up to which the certificate proves half of the conflict, in the units of 1/embeddings.

    It is finite because ‖Cᵀ·embeddings‖ is zero only up to rounding.
    """
    lengths = unit_embeddings(data)[1]
    with np.errstate(over="ignore"):
        rounding = np.finfo(float).eps * float((np.abs(C) * lengths[:, None]).sum())
        left = length(C.T @ data.embeddings) + rounding
        return abs(float(_log_terms(C, data).sum())) / 2 / left


def _log_terms(C: Floats, data: NTPData) -> Floats:
    return np.asarray(C[data.support_rows, data.probs.indices] * np.log(data.probs.data))


def certificate(F: Subspace, targets: Floats) -> Floats:
    """A sparse certificate where that is cheap and found, else the projected log-odds.

    Args:
        F: the subspace.
        targets: contrasts of the log-odds over unit embeddings, as `compatibility` forms them, (N,).
    """
    sparse = _sparse(F.data)
    return sparse if sparse is not None and conflict(sparse, F.data) > 0 else projected(F, targets)


def projected(F: Subspace, targets: Floats) -> Floats:
    """The log-odds projected onto multipliers whose logits cancel, (m, V): a certificate, or rounding."""
    U = F.factorisation.U
    y = targets - U @ (U.T @ targets)
    y = y - U @ (U.T @ y)
    return _matrix(F.differences.contrasts.T @ y, F.data)


def _matrix(values: Floats, data: NTPData) -> Floats:
    """C for the embeddings, largest entry one, from its entries for unit ones over the stored probabilities."""
    C = np.zeros(data.probs.shape)
    C[data.support_rows, data.probs.indices] = values
    C = for_embeddings(C, data)
    largest = float(np.abs(C).max())
    return np.asarray(C / largest) if largest > 0 else C


def _sparse(data: NTPData) -> Floats | None:
    """Minimise Σ|c| with conflict one: a vertex, so a smallest set of pairs that is in conflict at all."""
    unit, lengths = unit_embeddings(data)
    rows, tokens = data.support_rows, data.probs.indices
    count, height = len(rows), data.num_contexts + data.vocab_size * data.dim + 1
    if count * (data.dim + 2) > SPARSE_ENTRIES:
        return None
    sums = sp.csr_array((np.ones(count), (rows, np.arange(count))), shape=(data.num_contexts, count))
    places = (tokens[:, None] * data.dim + np.arange(data.dim)).ravel()
    moments = sp.csr_array(
        (unit[rows].ravel(), (places, np.repeat(np.arange(count), data.dim))),
        shape=(data.vocab_size * data.dim, count),
    )
    with np.errstate(over="ignore"):
        log_odds = sp.csr_array((np.log(data.probs.data) / (lengths[rows] / lengths.min()))[None])
    system = sp.vstack([sums, moments, log_odds], format="csr")
    wanted = np.zeros(height)
    wanted[-1] = 1.0
    solution = scipy.optimize.linprog(
        np.ones(2 * count), A_eq=sp.hstack([system, -system], format="csr"), b_eq=wanted, method="highs",
        options={"time_limit": 10.0},
    )  # fmt: skip
    if solution.x is None:
        return None
    values = solution.x[:count] - solution.x[count:]
    kept = np.flatnonzero(np.abs(values) > NEGLIGIBLE * np.abs(values).max())
    sharp = np.zeros(count)
    kernel = scipy.linalg.null_space(system[:-1][:, kept].toarray())
    sharp[kept] = kernel @ (kernel.T @ values[kept])
    return _matrix(sharp, data) if np.any(sharp) else None
