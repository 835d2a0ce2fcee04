"""Certificates of incompatibility: contexts whose logits cancel for every W while their log-odds do not.

The equations (4) have no solution if and only if there is C of shape (m, V), zero off the supports, with rows
summing to zero, Cᵀ·embeddings = 0 and Σ c_jz log p̂_jz ≠ 0 (book, thm-incompatible).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.optimize
import scipy.sparse as sp

from ntp_lib.conditions.in_support import unit_embeddings
from ntp_lib.conditions.subspace import Subspace
from ntp_lib.data.ntp_data import NTPData

Floats = npt.NDArray[np.float64]

# Entries of the programme's constraint matrix up to which a sparse certificate is looked for: about a second.
SPARSE_ENTRIES = 10**6
# Entries of a certificate, relative to the largest, that the programme's tolerance may leave behind.
NEGLIGIBLE = 1e-9
# ‖Cᵀ·embeddings‖ against the conflict: every decoder of up to this inverse in norm is excluded.
CANCELLATION = 1e-9


def conflict(C: Floats, data: NTPData) -> float:
    """A lower bound, in nats, of the largest violation of (4) at any W that is not astronomically long.

    For every W, Σ c_jz (w_z·h̄_j − log p̂_jz) = ⟨W, Cᵀ·embeddings⟩ − Σ c_jz log p̂_jz, and the left side is at most
    half of Σ|c_jz| times the largest violation, because rows of C sum to zero. Returns 0 for a matrix that is no
    certificate.
    """
    inside = data.support_mask
    if not np.isfinite(C).all() or np.any(C[~inside]) or not np.any(C):
        return 0.0
    weights = C * unit_embeddings(data)[1][:, None]
    half = float(np.abs(C).sum()) / 2
    if np.abs(weights.sum(axis=1)).max() > 1e-12 * np.abs(weights).sum():
        return 0.0
    logs = np.log(np.where(inside, data.probs.toarray(), 1.0))
    gap = abs(float((C * logs).sum())) / half
    left = float(np.linalg.norm(C.T @ data.embeddings)) / half
    longest = float(np.linalg.norm(data.embeddings, axis=1).max())
    return gap if left <= CANCELLATION * gap * max(longest, np.finfo(float).tiny) else 0.0


def certificate(F: Subspace, targets: Floats, W: Floats) -> Floats:
    """A sparse certificate where that is cheap, else the residual of the least-squares solution W.

    Args:
        F: the subspace.
        targets: anchored log-odds over unit embeddings, as `compatibility` forms them, (N,).
        W: least-squares solution, (V, d).
    """
    data, U = F.data, F.factorisation.U
    y = targets - F.differences.apply(W)
    y = y - U @ (U.T @ y)
    dense = _matrix(F.differences.contrasts.T @ y, data)
    sparse = _sparse(data)
    return dense if sparse is None or conflict(sparse, data) <= 0 else sparse


def _matrix(values: Floats, data: NTPData) -> Floats:
    """C for the embeddings, largest entry one, from its entries for unit ones over the stored probabilities."""
    C = np.zeros(data.probs.shape)
    C[data.support_rows, data.probs.indices] = values / unit_embeddings(data)[1][data.support_rows]
    return np.asarray(C / np.abs(C).max())


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
    log_odds = sp.csr_array((np.log(data.probs.data) / lengths[rows])[None])
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
