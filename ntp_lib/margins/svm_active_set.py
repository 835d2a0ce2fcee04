"""NTP-SVM by an active-set method, for small problems that are too badly conditioned for the splitting.

In orthonormal coordinates y of D ∩ F⊥ the programme is to minimise ‖y‖ subject to G y ≥ 1, one row per pair off
support: Lawson and Hanson's least distance programming, which their non-negative least squares solve (Solving
Least Squares Problems, 1974, chapter 23). The active pairs it finds fix y and the multipliers by two linear
systems.
"""

from __future__ import annotations

import numpy as np
import scipy.optimize

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.margins.active_pairs import margin_vectors
from ntp_lib.margins.norms import FROBENIUS
from ntp_lib.margins.separability_verdict import Separability
from ntp_lib.margins.solution import MarginSolution
from ntp_lib.numerics.aliases import Floats
from ntp_lib.subspaces.data_space import data_space
from ntp_lib.subspaces.in_support import unit_embeddings
from ntp_lib.subspaces.subspace import Subspace, subspace

# Entries of G up to which the method is attempted: a second or two.
MAX_ENTRIES = 10**6
# Multipliers below this fraction of the largest are dropped before the last two systems.
NEGLIGIBLE = 1e-9


def solve(data: NTPData, verdict: Separability, tolerance: float) -> MarginSolution | None:
    """Solve where the verdict holds a direction and the problem is small; else None."""
    rank = min(data.num_contexts, data.dim)
    pairs = data.num_contexts * data.vocab_size - data.probs.nnz
    if verdict.direction is None or pairs * (data.vocab_size - 1) * rank > MAX_ENTRIES:
        return None
    F = subspace(data)
    space, outside = data_space(F), ~data.support_mask
    G = margin_vectors(outside, space)
    # Margins of the size that a decoder of length one has keep the least squares well scaled.
    wanted = 1 / float(np.linalg.norm(verdict.direction))
    target = np.zeros(G.shape[1] + 1)
    target[-1] = 1.0
    try:
        found, _ = scipy.optimize.nnls(np.vstack([G.T, np.full(len(G), wanted)]), target)
    except RuntimeError:
        return None  # its limit of iterations
    active = found > NEGLIGIBLE * found.max()
    if not active.any():
        return None
    y = np.linalg.lstsq(G[active], np.ones(int(active.sum())), rcond=None)[0]
    multipliers = np.zeros(len(G))
    multipliers[active] = np.maximum(np.linalg.lstsq(G[active].T, y, rcond=None)[0], 0.0)
    W = space.embed_offset(y)
    off = np.zeros(outside.shape)
    off[outside] = -multipliers
    return MarginSolution(
        data=data,
        geometry=FROBENIUS,
        W=data.kind.convert(W),
        dual=data.kind.convert(_completed(off, W, F)),
        tolerance=tolerance,
        solver="structured, then active set",
        iterations=int(active.sum()),
    )


def _completed(off: Floats, W: Floats, F: Subspace) -> Floats:
    """The multipliers with entries on the supports, such that rows sum to zero and Aᵀ·embeddings = W, (m, V)."""
    data, lengths = F.data, unit_embeddings(F.data)[1]
    A = off - data.support_mask * (off.sum(axis=1) / data.support_sizes)[:, None]
    # What is left lies in F: in-support contrasts of the contexts take it away.
    factors = F.factorisation
    y = factors.U @ (F.coordinates(A.T @ data.embeddings - W) / factors.sigma)
    rows = data.support_rows
    A[rows, data.probs.indices] -= (F.differences.contrasts.T @ y) / lengths[rows]
    return np.asarray(A)
