"""The softmax of the finite part, found on the core of the supports alone (book, lem-core).

At W° the gradient Σ_j π̂_j (p̂_j − q̄_j) h̄_jᵀ of CE_F vanishes, so that π̂_j (p̂_j − q̄_j) is a relation among the
generators: off the core the probabilities are those of the data. On it they minimise the same loss, with weights
and probabilities restricted to the core's pairs, and some decoder meets all of them: W°.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise

import numpy as np

from ntp_lib.conditions.armijo import backtracked
from ntp_lib.errors import DidNotConvergeError
from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.results import result
from ntp_lib.numerics.softmax_blocks import SoftmaxBlocks
from ntp_lib.subspaces.in_support import unit_embeddings
from ntp_lib.subspaces.relations import Relations

# Contexts of the core up to which Newton's equations are formed: half a minute in all.
MAX_CONTEXTS = 6000
MAX_NEWTON_STEPS = 100
# The slope is what rounding of the probabilities leaves of it, relative to the sum of its terms.
ROUNDED_SLOPE = 1e-14
# Ridge of Newton's equations relative to the length of the slope, and to the largest weight of a pair: one makes
# steps from afar shorter, the other keeps the blocks' rounding below the step's own.
RIDGE_PER_SLOPE = 1e-3
LEAST_RIDGE = 1e-11


@result
class CoreLoss:
    """CE_F on the core: contexts weighted by the mass that their core tokens have, (book, lem-core)."""

    relations: Relations

    @cached_property
    def masses(self) -> Floats:
        """s_j: what the core's tokens have of the probability of every context, (num_levels,)."""
        return self.relations.pairs.row_sums(self.relations.data.probs.data[self.relations.places])

    @cached_property
    def rows(self) -> Floats:
        """Embeddings of the core's contexts, the longest of length one, (num_levels, d)."""
        unit, lengths = unit_embeddings(self.relations.data)
        chosen = self.relations.contexts
        return np.asarray(unit[chosen] * (lengths[chosen] / lengths[chosen].max())[:, None])

    @cached_property
    def gram(self) -> Floats:
        """Their inner products."""
        return self.rows @ self.rows.T

    @cached_property
    def weights(self) -> Floats:
        """π̂_j s_j on the pairs, (n,)."""
        return (self.relations.data.context_probs[self.relations.contexts] * self.masses)[self._levels]

    @cached_property
    def probs(self) -> Floats:
        """p̂_jz / s_j on the pairs, (n,)."""
        return np.asarray(self.relations.data.probs.data[self.relations.places] / self.masses[self._levels])

    @property
    def _levels(self) -> Ints:
        return self.relations.pairs.contexts

    def log_softmax(self, logits: Floats) -> Floats:
        """log q of logits on the pairs, among the core's tokens of each context, (n,)."""
        pairs, largest = self.relations.pairs, np.full(self.relations.num_levels, -np.inf)
        np.maximum.at(largest, self._levels, logits)
        shifted = logits - largest[self._levels]
        return np.asarray(shifted - np.log(pairs.row_sums(np.exp(shifted)))[self._levels])

    def loss(self, log_q: Floats) -> float:
        """The loss at log-probabilities, nats."""
        return float(-(self.weights * self.probs) @ log_q)

    def step(self, log_q: Floats, ridge: float) -> Floats:
        """Newton's step of the ridged equation for the logits on the pairs, less their context's mean, (n,).

        Raises:
            DidNotConvergeError: the ridge is lost in rounding, embeddings being too nearly dependent.
        """
        pairs = self.relations.pairs
        probs = np.asarray(pairs.unpacked(np.exp(log_q)).toarray())
        weights = self.relations.data.context_probs[self.relations.contexts] * self.masses
        blocks = SoftmaxBlocks.factorised(self.rows, self.gram, weights, probs, ridge)
        if blocks is None:
            raise DidNotConvergeError(
                "the embeddings are too nearly dependent for Newton's equations by token blocks"
            )
        step = self.logits(blocks.solve(-self.slope(log_q)))
        means = pairs.row_sums(step) / np.bincount(self._levels, minlength=len(self.rows))
        return np.asarray(step - means[self._levels])

    def logits(self, W: Floats) -> Floats:
        """Logits on the pairs of a decoder of the core's tokens, (n,)."""
        pairs = self.relations.pairs
        parts = zip(W, pairwise(pairs.indptr), strict=True)
        return np.concatenate([self.rows[pairs.contexts[a:b]] @ w for w, (a, b) in parts])

    def slope(self, log_q: Floats) -> Floats:
        """The gradient, a row for each token of the core, (tokens, d)."""
        left = self.weights * (np.exp(log_q) - self.probs)
        return np.asarray(self.relations.pairs.unpacked(left).T @ self.rows)


def log_limit_probabilities(relations: Relations) -> Floats:
    """log q̄ of the finite part W° at the stored probabilities, (nnz,).

    Raises:
        DidNotConvergeError: the core has too many contexts, or no stationary point was reached.
    """
    if relations.num_levels > MAX_CONTEXTS:
        raise DidNotConvergeError(
            f"W° needs an equation for {relations.num_levels} contexts that depend on each other; at most "
            f"{MAX_CONTEXTS} are attempted (take fewer contexts, or a larger dimension)"
        )
    found = np.log(relations.data.probs.data)
    if len(relations.places):
        core = CoreLoss(relations)
        levels = core.relations.pairs.contexts
        found[relations.places] = _minimised(core) + np.log(core.masses)[levels]
    return found


def _minimised(core: CoreLoss) -> Floats:
    """log q at the minimum, on the pairs."""
    logits = np.zeros(len(core.probs))
    log_q = core.log_softmax(logits)
    loss, last = core.loss(log_q), np.inf
    heaviest = float(core.weights.max())
    for _ in range(MAX_NEWTON_STEPS):
        gradient = core.slope(log_q)
        size = float(np.linalg.norm(gradient))
        step = core.step(log_q, RIDGE_PER_SLOPE * size + LEAST_RIDGE * heaviest)
        length = float(np.abs(step).max())
        if length <= 1e-13 * (1 + float(np.ptp(logits))) or (size <= ROUNDED_SLOPE and length > last / 2):
            return log_q
        last = length
        downhill = float((core.weights * (np.exp(log_q) - core.probs)) @ step)
        taken, loss, log_q = backtracked(lambda t: _along(core, logits, step, t), loss, downhill)  # noqa: B023
        logits = logits + taken * step
        if length <= 1e-10 * (1 + float(np.ptp(logits))) and taken == 1.0:
            return log_q  # the quadratic phase is over: the next step would be rounding
    raise DidNotConvergeError(
        f"the minimiser of CE_F over F was not reached in {MAX_NEWTON_STEPS} Newton steps "
        f"(gradient norm {size:.1e})"
    )


def _along(core: CoreLoss, logits: Floats, step: Floats, size: float) -> tuple[float, Floats]:
    log_q = core.log_softmax(logits + size * step)
    return core.loss(log_q), log_q
