"""The finite part of choice data: the minimiser of the loss among the completed supports, by Newton's method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntp_lib.choice.space import ChoiceSubspace
from ntp_lib.conditions.armijo import backtracked
from ntp_lib.errors import DidNotConvergeError
from ntp_lib.numerics.aliases import Bools, Floats

if TYPE_CHECKING:
    from ntp_lib.choice.data import ChoiceData

MAX_NEWTON_STEPS = 200
# Length of a step, against that of the point, below which the next one would be rounding.
LAST_STEP = 1e-9
# What a step promises, in nats, below which the loss is too rounded to judge it: nearly dependent embeddings have
# long steps of no effect.
ROUNDED_LOSS = 1e-14
# The slope is what rounding of the probabilities leaves of it; it is bounded by the length of the features. Logits
# are rounded too, and are sums of large terms where embeddings are nearly dependent.
ROUNDED_SLOPE = 1e-13


class SupportLoss:
    """CE_F on a subspace: softmax over the kept candidates of each context alone (book, def-choice-data).

    Args:
        choice: the data.
        kept: which candidates the softmax runs over, (n,); the labels are among them.
        F: the subspace of the kept candidates.
    """

    def __init__(self, choice: ChoiceData, kept: Bools, F: ChoiceSubspace) -> None:
        self.choice, self.kept = choice, kept
        basis = F.basis.reshape(*choice.shape, F.dim)
        mapped = np.tensordot(choice.queries, basis, axes=(1, 1))
        # A feature of every candidate; differences within a context are what counts.
        self.features = np.einsum("nd,ndr->nr", choice.keys[choice.tokens], mapped[choice.rows])
        self.weights = choice.context_probs[choice.rows]

    def log_probabilities(self, y: Floats) -> Floats:
        """Logarithms of the softmax at coordinates y; −∞ off the kept candidates, (n,)."""
        logits = np.where(self.kept, self.features @ y + self.choice.log_counts, -np.inf)
        return self.choice.log_softmax(logits)

    def loss(self, log_q: Floats) -> float:
        """The loss at log-probabilities, nats."""
        won = self.choice.in_support
        return float(-(self.weights[won] * self.choice.probs[won]) @ log_q[won])

    def slope(self, log_q: Floats) -> Floats:
        """The gradient, (dim F,)."""
        return np.asarray((self.weights * (np.exp(log_q) - self.choice.probs)) @ self.features)

    def curvature(self, log_q: Floats) -> Floats:
        """The Hessian, (dim F, dim F): weighted covariances of the features under the softmax."""
        q, starts = np.exp(log_q), self.choice.candidates.indptr[:-1]
        means = np.add.reduceat(q[:, None] * self.features, starts, axis=0)
        centred = self.features - means[self.choice.rows]
        return np.asarray((centred * (self.weights * q)[:, None]).T @ centred)


def finite_part(choice: ChoiceData, kept: Bools, F: ChoiceSubspace) -> tuple[Floats, Floats]:
    """W_fin in F and the probabilities that it gives to the kept candidates.

    Args:
        choice: the data.
        kept: S_j and the bounded candidates, (n,), so that a minimiser exists.
        F: the subspace of the kept candidates.

    Returns:
        W_fin of shape (d, d'), and its softmax over the kept candidates, (n,).

    Raises:
        DidNotConvergeError: no stationary point was reached.
    """
    loss_of = SupportLoss(choice, kept, F)
    y = np.zeros(F.dim)
    log_q = loss_of.log_probabilities(y)
    if F.dim:
        y, log_q = _minimised(loss_of, y, log_q)
    return (F.basis @ y).reshape(choice.shape), np.exp(log_q)


def _minimised(loss_of: SupportLoss, y: Floats, log_q: Floats) -> tuple[Floats, Floats]:
    loss = loss_of.loss(log_q)
    scale = float(np.abs(loss_of.features).max())
    for _ in range(MAX_NEWTON_STEPS):
        slope = loss_of.slope(log_q)
        step = np.linalg.lstsq(loss_of.curvature(log_q), -slope, rcond=None)[0]
        short = np.linalg.norm(step) <= LAST_STEP * (1 + np.linalg.norm(y))
        if short or abs(slope @ step) <= ROUNDED_LOSS * max(1.0, loss):
            y = y + step
            log_q = loss_of.log_probabilities(y)
            largest = float((np.abs(loss_of.features) @ np.abs(y)).max())
            rounding = ROUNDED_SLOPE + np.finfo(np.float64).eps * largest
            if np.linalg.norm(loss_of.slope(log_q)) <= rounding * scale * np.sqrt(len(y)):
                return y, log_q
            loss = loss_of.loss(log_q)
            continue
        taken, loss, log_q = backtracked(
            lambda t: _along(loss_of, y + t * step),  # noqa: B023
            loss,
            float(slope @ step),
        )
        y = y + taken * step
    raise DidNotConvergeError(
        f"the finite part was not reached in {MAX_NEWTON_STEPS} Newton steps (gradient norm "
        f"{np.linalg.norm(slope):.1e})"
    )


def _along(loss_of: SupportLoss, y: Floats) -> tuple[float, Floats]:
    log_q = loss_of.log_probabilities(y)
    return loss_of.loss(log_q), log_q
