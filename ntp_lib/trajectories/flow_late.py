"""The second stage of the flow: W = W° + Δ + s W^mm + ρ, with ρ alone integrated (book, eq-flow-late).

The frame moves along with W^mm. In it dρ/ds = Σ_jv b_jv e^{−s (μ_jv(W^mm) − 1) − μ_jv(ρ)} g_jv − W^mm, with
b_jv = π̂_j o_jv(W°). Nothing in it is large, however large s. Left out are Δ and the odds O_j, both of order 1/t;
the hand-over waits until they are below the tolerance. Δ follows from stationarity on F, to first order in 1/t.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ntp_lib.margins.active_pairs import ActivePairs
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.linearisation import Action, Curvature, Linearisation
from ntp_lib.numerics.results import result
from ntp_lib.trajectories.flow_early import EarlyStage

# A time at which curvatures of F are as good as infinite beside those of F⊥, in units of the masses' odds.
STIFF_TIME = 1e8


@result
class LateStage:
    """Right-hand side and Jacobian of ρ in s = log t, and the slaved part in F.

    Attributes:
        early: the first stage, whose maps and base logits are shared.
        pairs: margins of W^mm.
    """

    early: EarlyStage
    pairs: ActivePairs

    @cached_property
    def _log_weights(self) -> Floats:
        """log b_jv off the supports, −∞ on them, (m, V)."""
        block = self.early.block
        return np.where(block.support, -np.inf, self.early.base + np.log(block.context_probs)[:, None])

    def log_masses(self, s: float, rho: Floats) -> Floats:
        """log(t π̂_j o_jv), (m, V): the logarithm of what becomes the multiplier of the pair."""
        decay = np.where(self.pairs.mask, 0.0, -s * np.where(self.early.block.support, 0.0, self.pairs.surplus))
        return self._log_weights + decay + self.early.space.offset(rho)

    def masses(self, s: float, rho: Floats) -> Floats:
        """t π̂_j o_jv, (m, V)."""
        return np.exp(self.log_masses(s, rho))

    def derivative(self, s: float, rho: Floats) -> Floats:
        """dρ/ds."""
        return -self.early.space.pull_offset(self.masses(s, rho)) - self.pairs.y_mm

    def linearise(self, s: float, rho: Floats) -> Linearisation:
        """The Jacobian of `derivative`: −Σ t π̂_j o_jv g_jv ⊗ g_jv."""
        masses = self.masses(s, rho)
        return self.early.space.linearise(
            lambda dense: -dense.offset_map.T @ (masses.reshape(-1, 1) * dense.offset_map),
            lambda: self._curvature(masses),
        )

    def _curvature(self, masses: Floats) -> Curvature:
        """That of t∇²CE at a t so large that the part in F is held, with these masses t π̂_j o_jv."""
        block = self.early.block
        time = STIFF_TIME * max(1.0, float((masses.sum(axis=1) / block.context_probs).max()))
        odds = masses / (time * block.context_probs[:, None])
        inside = block.probs * (1 - odds.sum(axis=1, keepdims=True))
        return Curvature(time * block.context_probs, np.where(block.support, inside, odds), None)

    def slaved(self, s: float, rho: Floats) -> tuple[Floats, float]:
        """The part in F that the offsets hold away from W°, to first order in 1/t.

        Stationarity on F reads ∇²CE_F(W°) x = (pull of the offsets), both of order 1/t.

        Returns:
            z = t x, with x the coordinates of Δ, and t² (CE_F(W° + Δ) − CE_F(W°)) to the same order.
        """
        masses = self.masses(s, rho)
        # An offset takes its mass from the support in proportion to p̂.
        taken = self.early.block.probs * masses.sum(axis=1, keepdims=True)
        pull = self.early.space.pull_finite(taken - masses)
        z = self._solve_in_support(pull) if np.any(pull) else np.zeros_like(pull)
        return z, float(z @ pull) / 2

    @cached_property
    def _solve_in_support(self) -> Action:
        return self.early.space.finite_solver(self._in_support_hessian)

    def _in_support_hessian(self, z: Floats) -> Floats:
        """∇²CE_F(W°) z in coordinates of F."""
        block, change = self.early.block, self.early.space.deviation(z)
        centred = block.probs * (change - (block.probs * change).sum(axis=1, keepdims=True))
        return self.early.space.pull_finite(centred * block.context_probs[:, None])
