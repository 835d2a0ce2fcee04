"""The first stage of the flow: W itself in s = log t, the part in F measured from its limit (book, eq-flow-early).

With x the coordinates of P_F W − W° and y those of the part in F⊥, dx/ds and dy/ds are t = e^s times the two parts
of −∇CE. The deviation x dies like 1/t while y grows, so the state holds z = (1 + t) x, which ends up of order one
and is resolved to the same relative accuracy throughout.
"""

from __future__ import annotations

from dataclasses import field
from functools import cached_property

import numpy as np

from ntp_lib.data.context_block import ContextBlock
from ntp_lib.data.ntp_data import NTPData
from ntp_lib.loss.split import SplitSoftmax, split_softmax
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.linearisation import Curvature, Linearisation, PlainLinearisation
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.data_space import DataSpace
from ntp_lib.subspaces.dense_space import DenseDataSpace


@result
class EarlyStage:
    """Right-hand side and Jacobian of the flow in s = log t.

    Attributes:
        data: the compatible counterpart of the problem.
        W_finite: W°, (V, d).
        space: coordinates of the data space.
        stretched: whether the state holds (1 + t) x; without a margin x need not die, and it holds x.
    """

    data: NTPData
    W_finite: Floats
    space: DataSpace
    stretched: bool = field(default=True, kw_only=True)

    @cached_property
    def block(self) -> ContextBlock:
        """All contexts as one block."""
        probs = self.data.probs.toarray()
        every = slice(0, self.data.num_contexts)
        return ContextBlock(every, self.data.embeddings, self.data.context_probs, probs, probs > 0)

    @cached_property
    def base(self) -> Floats:
        """Logits of W° minus lse over S_j: log p̂ on the support, log o_jv(W°) off it, (m, V)."""
        logits = self.block.embeddings @ self.W_finite.T
        inside = np.where(self.block.support, logits, -np.inf)
        top = inside.max(axis=1, keepdims=True)
        return np.asarray(logits - top - np.log(np.exp(inside - top).sum(axis=1, keepdims=True)))

    def split(self, x: Floats, y: Floats) -> SplitSoftmax:
        """The softmax at W° + x + y; in-support deviations come from x alone, so that they may be tiny."""
        deviation = self.space.deviation(x)
        inside = np.where(self.block.support, deviation, 0.0)
        return split_softmax(self.base + deviation + self.space.offset(y), self.block, inside)

    def slope(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """The parts of −∇CE in F and in F⊥."""
        return self._pulled(self.split(x, y).residual() * self.block.context_probs[:, None])

    def hessian_action(self, x: Floats, y: Floats, dx: Floats, dy: Floats) -> tuple[Floats, Floats]:
        """The parts of ∇²CE (dx + dy) at W° + x + y."""
        q = self.block.probs - self.split(x, y).residual()
        change = self.space.deviation(dx) + self.space.offset(dy)
        pull = q * (change - (q * change).sum(axis=1, keepdims=True)) * self.block.context_probs[:, None]
        return self._pulled(pull)

    def _pulled(self, pull: Floats) -> tuple[Floats, Floats]:
        """Coordinates of the matrix whose logits' weights are given, (m, V)."""
        in_F, rest = self.space.pull(pull)
        return self.space.finite_metric * in_F, rest

    def state(self, s: float, x: Floats, y: Floats) -> Floats:
        """The integrator's state ((1 + t) x, y)."""
        return np.concatenate([self._stretch(s) * x, y])

    def _stretch(self, s: float) -> float:
        return float(1 + np.exp(s)) if self.stretched else 1.0

    def parts(self, s: float, state: Floats) -> tuple[Floats, Floats]:
        """x and y of a state."""
        size = self.space.finite_size
        return state[:size] / self._stretch(s), state[size:]

    def derivative(self, s: float, state: Floats) -> Floats:
        """d(z, y)/ds."""
        t = np.exp(s)
        in_F, rest = self.slope(*self.parts(s, state))
        turned = self._stretch(s) * t * in_F
        if self.stretched:
            turned += t / (1 + t) * state[: self.space.finite_size]
        return np.concatenate([turned, t * rest])

    def linearise(self, s: float, state: Floats) -> Linearisation:
        """The Jacobian of `derivative`."""
        return self.plain_linearisation(s, state)

    def plain_linearisation(self, s: float, state: Floats) -> PlainLinearisation:
        """The Jacobian of `derivative` for the gradient flow."""
        return self.space.linearise(
            lambda dense: self._dense_jacobian(dense, s, state), lambda: self._curvature(s, state)
        )

    def _curvature(self, s: float, state: Floats) -> Curvature:
        """t∇²CE at W° + x + y, in the state's coordinates."""
        t = float(np.exp(s))
        q = self.block.probs - self.split(*self.parts(s, state)).residual()
        return Curvature(t * self.block.context_probs, q, self._stretch(s))

    def _dense_jacobian(self, space: DenseDataSpace, s: float, state: Floats) -> Floats:
        t, k = np.exp(s), space.finite_size
        q = self.block.probs - self.split(*self.parts(s, state)).residual()
        weighted = (q * self.block.context_probs[:, None]).reshape(-1, 1)
        maps = space.joint_map
        means = np.einsum("jv,jvn->jn", q, maps.reshape(*q.shape, maps.shape[1]), optimize=True)
        hessian = maps.T @ (weighted * maps)
        hessian -= (means * self.block.context_probs[:, None]).T @ means
        hessian *= -t
        hessian[:k] *= space.finite_metric[:, None]
        hessian[:k, k:] *= self._stretch(s)
        hessian[k:, :k] /= self._stretch(s)
        hessian[np.diag_indices(k)] += t / (1 + t) if self.stretched else 0.0
        return hessian

    def neglected(self, s: float, state: Floats) -> float:
        """Bound for the relative error that the second stage makes in any off-support mass (book, prop-hand-over).

        It takes log o_jv at W° in place of W° + Δ, off by at most twice the largest logit of Δ relative to the
        support, and o_jv in place of the probability o_jv/(1 + O_j).
        """
        x, y = self.parts(s, state)
        odds = np.exp(min(float(self.split(x, y).log_total_offset.max()), 700.0))
        return 2 * float(np.abs(self.space.deviation(x)).max()) + float(odds)
