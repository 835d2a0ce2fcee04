"""The cones K_j = {ℓ: ℓ_z = c on S_j, ℓ_v ≤ c off S_j, c any number} of a few tokens, and the way to them."""

from __future__ import annotations

import numpy as np

from ntp_lib.numerics.aliases import Bools, Floats


class Cones:
    """Projections onto the cones of supports (n, K), exact by sorting: K is small."""

    def __init__(self, support: Bools) -> None:
        self.support = support
        self.off = ~support
        self._sizes = support.sum(axis=1)
        self._counts = self._sizes[:, None] + np.arange(support.shape[1] + 1)

    def residual(self, points: Floats) -> Floats:
        """Points minus their projections, (n, K): rows sum to zero, none is negative off the supports."""
        left = self._above(points - self._levels(points)[:, None])
        # Once more, for row sums that are exact beside the residuals and not only beside the points.
        pinned = self.pinned(left)
        excess = left.sum(axis=1, keepdims=True) / pinned.sum(axis=1, keepdims=True)
        return self._above(np.where(pinned, left - excess, 0.0))

    def _above(self, points: Floats) -> Floats:
        return np.where(self.off, np.maximum(points, 0.0), points)

    def pinned(self, residual: Floats) -> Bools:
        """Tokens held at the water level: the supports, and those off them that reach above it, (n, K)."""
        return np.asarray(self.support | (residual > 0))

    def _levels(self, points: Floats) -> Floats:
        """The root c of Σ_{z∈S} (x_z − c) + Σ_{v∉S} (x_v − c)₊ = 0 in every row, (n,).

        With the k largest entries off the support taken in, the level would be a mean; the right k is that of the
        largest such mean.
        """
        falling = -np.sort(np.where(self.off, -points, np.inf), axis=1)
        taken = np.where(self.off, -np.inf, points)
        sums = np.zeros(self._counts.shape)
        sums[:, 0] = np.where(self.off, 0.0, taken).sum(axis=1)
        np.cumsum(np.where(np.isfinite(falling), falling, 0.0), axis=1, out=sums[:, 1:])
        sums[:, 1:] += sums[:, :1]
        means = sums / self._counts
        means[:, 1:][~np.isfinite(falling)] = -np.inf
        return np.asarray(means.max(axis=1))
