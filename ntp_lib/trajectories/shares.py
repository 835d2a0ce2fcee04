"""How much of the attainable margin a decoder has, in several norms, and how far it points to each solution."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ntp_lib.data.identity import require_same_data
from ntp_lib.margins.margins import stacked_margins
from ntp_lib.margins.solution import MarginSolution
from ntp_lib.numerics.aliases import Floats
from ntp_lib.subspaces.subspace import Subspace


class MarginShares:
    """A measurement for `train(measure=...)`, of the part U = P_⊥ W: in-support logits do not count.

    Called with K decoders (K, V, d), it returns for each solution `name`: share_<name>, margin(U) / ‖U‖ over the
    largest such quotient, at most one; and cosine_<name>, the Frobenius cosine of U with the solution. Both are
    NaN for U = 0.
    """

    def __init__(self, F: Subspace, solutions: Mapping[str, MarginSolution]) -> None:
        for name, solution in solutions.items():
            require_same_data(solution.data, F.data, f"solution {name!r}")
        self._F, self._solutions = F, dict(solutions)

    def __call__(self, decoders: Floats) -> dict[str, Floats]:
        """The columns, each of shape (K,)."""
        parts = np.array([self._F.project_complement(W) for W in decoders])
        margins = stacked_margins(parts, self._F.data)
        columns: dict[str, Floats] = {}
        for name, solution in self._solutions.items():
            size = solution.geometry.size(parts)
            target = solution.W / np.linalg.norm(solution.W)
            length = np.linalg.norm(parts, axis=(1, 2))
            columns[f"share_{name}"] = _quotient(margins, size * solution.attainable)
            columns[f"cosine_{name}"] = _quotient(np.einsum("kvd,vd->k", parts, target), length)
        return columns


def _quotient(values: Floats, sizes: Floats) -> Floats:
    return np.divide(values, sizes, out=np.full(len(values), np.nan), where=sizes > 0)
