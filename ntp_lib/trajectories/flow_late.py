"""The second stage of the flow: W = W° + Δ + s W^mm + ρ, with ρ alone integrated (book, eq-flow-late).

The frame moves along with W^mm. In it dρ/ds = Σ_jv b_jv e^{−s (μ_jv(W^mm) − 1) − μ_jv(ρ)} M_jv − W^mm, with
b_jv = π̂_j o_jv(W°). Nothing in it is large, however large s. Left out are Δ and the odds O_j, both of order 1/t;
the hand-over waits until they are below the tolerance. Δ follows from stationarity on F, to first order in 1/t.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import scipy.linalg
from scipy.sparse.linalg import LinearOperator, cg

from ntp_lib.errors import DidNotConvergeError
from ntp_lib.margins.active_pairs import ActivePairs
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.data_space import DenseDataSpace
from ntp_lib.trajectories.flow_early import EarlyStage
from ntp_lib.trajectories.linearisation import DenseLinearisation, KrylovLinearisation
from ntp_lib.trajectories.stepping import Linearisation


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
        """The Jacobian of `derivative`: −Σ t π̂_j o_jv M_jv ⊗ M_jv."""
        space, masses = self.early.space, self.masses(s, rho)
        if isinstance(space, DenseDataSpace):
            return DenseLinearisation(-space.offset_map.T @ (masses.reshape(-1, 1) * space.offset_map))
        squares = np.sum(self.early.block.embeddings**2, axis=1)
        rate = float(squares @ masses.sum(axis=1)) / self.early.data.dim
        return KrylovLinearisation(
            lambda v: -space.pull_offset(masses * space.offset(v)), np.full(space.offset_size, -rate)
        )

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
        z = self._solve_in_support(pull)
        return z, float(z @ pull) / 2

    def _solve_in_support(self, right: Floats) -> Floats:
        if not np.any(right):
            return np.zeros_like(right)
        if isinstance(self.early.space, DenseDataSpace):
            return np.asarray(scipy.linalg.cho_solve(self._factor, right))
        size = len(right)
        operator = LinearOperator((size, size), matvec=self._in_support_hessian)
        solution, status = cg(operator, right, rtol=1e-8, maxiter=5000)
        if status:
            raise DidNotConvergeError("the part in F could not be found in 5000 steps of conjugate gradients")
        return np.asarray(solution)

    @cached_property
    def _factor(self) -> tuple[Floats, bool]:
        columns = np.eye(self.early.space.finite_size)
        return scipy.linalg.cho_factor(np.array([self._in_support_hessian(e) for e in columns]), lower=True)

    def _in_support_hessian(self, z: Floats) -> Floats:
        """∇²CE_F(W°) z in coordinates of F."""
        block, change = self.early.block, self.early.space.deviation(z)
        centred = block.probs * (change - (block.probs * change).sum(axis=1, keepdims=True))
        return self.early.space.pull_finite(centred * block.context_probs[:, None])
