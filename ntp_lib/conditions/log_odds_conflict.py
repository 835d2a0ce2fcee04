"""Certificates of incompatibility: contexts whose logits cancel for every W while their log-odds do not.

The equations (4) have no solution if and only if there is C of shape (m, V), zero off the supports, with rows
summing to zero, Cᵀ·embeddings = 0 and Σ c_jz log p̂_jz ≠ 0 (book, thm-incompatible). In float64 the logits cancel
up to rounding, so that a certificate excludes every decoder up to some length.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import scipy.linalg
import scipy.optimize
import scipy.sparse as sp

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.numerics.aliases import Floats
from ntp_lib.subspaces.in_support import unit_embeddings
from ntp_lib.subspaces.scaling import length, scaled_rows
from ntp_lib.subspaces.subspace import Subspace

Certificate: TypeAlias = Floats | sp.csr_array

# Entries m·V up to which a certificate is a dense array; beyond, it is sparse.
DENSE_CERTIFICATE = 2**24
# Entries of the programme's constraint matrix up to which a sparse certificate is looked for: about a second.
SPARSE_ENTRIES = 10**6
# Entries of a certificate, relative to the largest, that the programme's tolerance may leave behind.
NEGLIGIBLE = 1e-9
# ‖Cᵀ Ĥ‖ for unit embeddings relative to Σ|c|: the rounding of multipliers whose logits cancel.
CANCELLATION = 1e-12
# Σ c log p̂ relative to the sum of its absolute terms: far above their rounding.
DECISIVE_CONFLICT = 1e-9


def conflict(C: Certificate, data: NTPData) -> float:
    """A lower bound, in nats, of the largest violation of (4) at any W with ‖W‖ up to `excluded_norm`.

    For every W, Σ c_jz (w_z·h̄_j − log p̂_jz) = ⟨W, Cᵀ·embeddings⟩ − Σ c_jz log p̂_jz, and the left side is at most
    half of Σ|c_jz| times the largest violation, because rows of C sum to zero. Returns 0 for a matrix that is no
    certificate: whose logits do not cancel up to rounding, or whose log-odds do.
    """
    values = _on_supports(C, data)
    if values is None or not np.isfinite(values).all() or not np.any(values):
        return 0.0
    weights = _unit_weights(values, data)
    total = float(np.abs(weights).sum())
    if np.abs(_row_sums(weights, data)).max() > 1e-12 * total:
        return 0.0
    if np.linalg.norm(_sparse(weights, data).T @ unit_embeddings(data)[0]) > CANCELLATION * total:
        return 0.0
    terms = values * np.log(data.probs.data)
    gap = abs(float(terms.sum()))
    if gap <= DECISIVE_CONFLICT * float(np.abs(terms).sum()):
        return 0.0
    half = float(np.abs(C).sum()) / 2
    return gap / half


def excluded_norm(C: Certificate, data: NTPData) -> float:
    """‖W‖ up to which the certificate proves half of the conflict, in the units of 1/embeddings.

    It is finite because ‖Cᵀ·embeddings‖ is zero only up to rounding.
    """
    lengths, values = unit_embeddings(data)[1], _on_supports(C, data)
    if values is None:
        return 0.0
    with np.errstate(over="ignore"):
        rounding = np.finfo(float).eps * float((np.abs(values) * lengths[data.support_rows]).sum())
        left = length(np.asarray(C.T @ data.embeddings)) + rounding
        return abs(float((values * np.log(data.probs.data)).sum())) / 2 / left


def certificate(F: Subspace, log_odds: Floats) -> Certificate:
    """A certificate of few pairs where that is cheap and found, else the log-odds that no decoder can meet.

    Args:
        F: the subspace.
        log_odds: for unit embeddings, at the stored probabilities, (nnz,).
    """
    few = _of_few_pairs(F.data)
    return few if few is not None and conflict(few, F.data) > 0 else projected(F, log_odds)


def projected(F: Subspace, log_odds: Floats) -> Certificate:
    """The log-odds projected onto multipliers whose logits cancel, (m, V): a certificate, or rounding."""
    return laid_out(F.nearest_relation(log_odds), F.data)


def laid_out(values: Floats, data: NTPData) -> Certificate:
    """C for the embeddings, largest entry one, from its entries for unit ones over the stored probabilities."""
    _, norms, exponents = scaled_rows(data)
    rows = data.support_rows
    values = values / norms[rows]
    if exponents.any():
        weighty = rows[values != 0]
        values = np.ldexp(values, (exponents[weighty].min(initial=2**14) - exponents)[rows])
    largest = float(np.abs(values).max(initial=0.0))
    C = _sparse(values / largest if largest > 0 else values, data)
    if C.shape[0] * C.shape[1] <= DENSE_CERTIFICATE:
        return np.asarray(C.toarray())
    C.eliminate_zeros()
    return C


def _sparse(values: Floats, data: NTPData) -> sp.csr_array:
    """The sparse array (m, V) of values at the stored probabilities."""
    return sp.csr_array((values, data.probs.indices, data.probs.indptr), shape=data.probs.shape, copy=True)


def _row_sums(values: Floats, data: NTPData) -> Floats:
    return np.add.reduceat(values, data.probs.indptr[:-1])


def _on_supports(C: Certificate, data: NTPData) -> Floats | None:
    """Entries of C at the stored probabilities, (nnz,); None where there are others."""
    if not sp.issparse(C):
        values = np.asarray(C[data.support_rows, data.probs.indices])
        return values if np.count_nonzero(values) == np.count_nonzero(C) else None
    places = sp.coo_array(C)
    wanted = data.support_rows * data.vocab_size + data.probs.indices
    given = places.row.astype(np.int64) * data.vocab_size + places.col
    order = np.argsort(wanted, kind="stable")
    found = order[np.searchsorted(wanted, given, sorter=order).clip(max=len(wanted) - 1)]
    if np.any(places.data[wanted[found] != given]):
        return None
    values = np.zeros(len(wanted))
    np.add.at(values, found[wanted[found] == given], places.data[wanted[found] == given])
    return values


def _unit_weights(values: Floats, data: NTPData) -> Floats:
    """Entries for unit embeddings, at any length, the largest between 1/2 and 1: entry (j, z) times ‖h̄_j‖."""
    _, norms, exponents = scaled_rows(data)
    fractions, powers = np.frexp(values)
    powers = powers + exponents[data.support_rows]
    powers = powers - powers[values != 0].max(initial=-(2**14))
    weights = np.ldexp(fractions * norms[data.support_rows], powers)
    return np.asarray(np.ldexp(weights, -int(np.frexp(np.abs(weights).max())[1])))


def _of_few_pairs(data: NTPData) -> Certificate | None:
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
    return laid_out(sharp, data) if np.any(sharp) else None
