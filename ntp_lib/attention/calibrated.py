"""Soft collocations: values that give the odds of what follows, so that perfect attention is optimal at once.

Sentences are followed as their optimal token is, by y with probability q(y) = softmax(W_ov x_*)_y. The loss is
least at hard retrieval itself and flat there: pushes are of second order (book, thm-select-calibrated).
"""

from __future__ import annotations

from dataclasses import field

import numpy as np
import numpy.typing as npt
import scipy.special

from ntp_lib.attention.heads import LARGEST_LOGIT
from ntp_lib.attention.selection import Selection
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.results import result

# Below this size e^x − 1 − x is summed as a series.
SERIES = 0.05


class CalibratedHead:
    """Values held fixed, softmax over the vocabulary, and the labels that these values give to the optimal token.

    Attributes:
        floor: the entropy of q, (n,), nats.
        variances: K, the variance under q of the difference of two tokens' logits, loser less optimal, (n, L − 1).
        widest: Δ, the largest range of such a difference.

    Raises:
        NTPDataError: values of another shape, or so large that a softmax overflows.
    """

    def __init__(self, selection: Selection, values: npt.ArrayLike) -> None:
        X = selection.embeddings
        values = real_array(values, "values", "(V, d)")
        if values.shape != X.shape or not np.isfinite(values).all():
            raise NTPDataError(f"values of shape {values.shape}; finite ones of shape {X.shape} are needed")
        logits = (X @ values.T)[selection.tokens]
        lead = logits - logits[:, :1]
        self.widest = float(np.ptp(lead, axis=2).max())
        if max(self.widest, float(np.ptp(logits, axis=2).max())) > LARGEST_LOGIT:
            raise NTPDataError(
                f"values give logits more than {LARGEST_LOGIT:.0f} apart; at most so much can be used"
            )
        self.probs: Floats = scipy.special.softmax(logits[:, 0], axis=1)
        lead[:, 1:][~selection.losers] = 0.0
        # Centred, so that a sum of small terms has no mean to lose digits to.
        self._lead: Floats = lead - np.einsum("nlv,nv->nl", lead, self.probs)[:, :, None]
        self.floor: Floats = scipy.special.entr(self.probs).sum(axis=1)
        self.variances: Floats = np.einsum("nlv,nv->nl", self._lead[:, 1:] ** 2, self.probs)

    def excess(self, log_attention: Floats) -> Floats:
        """KL of q from the output, (n,), nats: log Σ q e^{shift} for a shift of mean zero."""
        return np.log1p((self.probs * _second_order(self._shift(log_attention))).sum(axis=1))

    def pushes(self, log_attention: Floats) -> tuple[Floats, float]:
        """a_x (h_x − Σ_x' a_x' h_x'), (n, L − 1), over e^c, with h = ∂f/∂a less that of the optimal token."""
        shift = self._shift(log_attention)
        partition = np.log1p((self.probs * _second_order(shift)).sum(axis=1, keepdims=True))
        change = self.probs * np.expm1(shift - partition)
        h = np.einsum("nlv,nv->nl", self._lead[:, 1:], change)
        mean = (np.exp(log_attention[:, 1:]) * h).sum(axis=1, keepdims=True)
        c = float(log_attention[:, 1:].max())
        return np.exp(log_attention[:, 1:] - c) * (h - mean), c

    def hard_factors(self) -> Floats:
        """Zeros, (n, 1): nothing is pushed in the first order."""
        return np.zeros((len(self.floor), 1))

    def _shift(self, log_attention: Floats) -> Floats:
        """Logits of the output less those of the optimal token, of mean zero under q, (n, V)."""
        return np.einsum("nl,nlv->nv", np.exp(log_attention[:, 1:]), self._lead[:, 1:])


@result
class SecondOrder:
    """Outcome of `calibrated_certificate`.

    Attributes:
        S: Σ b e^{−2s} at W, b = w K (m_x/m_*)²; inf where it leaves the range of float64.
        S_0: the largest S that certifies.
        step_bound: the largest η with η e^{2ηM} ≤ 1/(4M²ν); later steps must not be longer.
        nu: ν.
        weights: b, (n,).
    """

    S: float
    S_0: float
    step_bound: float
    nu: float
    weights: Floats = field(repr=False)

    @property
    def holds(self) -> bool:
        """Whether S ≤ S_0."""
        return self.S <= self.S_0

    def pressure_line(self, path: npt.ArrayLike) -> Floats:
        """Bound of S after steps of that length in sum: S exp(−Γ/ν)."""
        return np.asarray(self.S * np.exp(-np.asarray(path, dtype=np.float64) / self.nu))


def calibrated_certificate(selection: Selection, values: npt.ArrayLike, W: npt.ArrayLike) -> SecondOrder:
    """Say whether all that follows from W is proved, for calibrated values (book, thm-select-calibrated).

    Args:
        selection: realisable data, every sentence of exactly two distinct tokens.
        values: W_ov, (V, d).
        W: W_kq, (d, d).

    Raises:
        NTPDataError: an argument out of range; a sentence of more than two distinct tokens, or of two that are
            followed alike.
        NotSeparableError: no W_kq is right on all sentences.
    """
    size = selection.losers.sum(axis=1)
    if (size != 1).any():
        i = int(np.flatnonzero(size != 1)[0])
        raise NTPDataError(f"sentence {selection.origin[i]} has {size[i] + 1} distinct tokens; two are needed")
    head = CalibratedHead(selection, values)
    K = head.variances[:, 0]
    if (K == 0).any():
        i = int(np.flatnonzero(K == 0)[0])
        raise NTPDataError(f"sentence {selection.origin[i]} has two tokens that are followed alike")
    W, d = real_array(W, "W", "(d, d)"), selection.embeddings.shape[1]
    if W.shape != (d, d):
        raise NTPDataError(f"W has shape {W.shape}; ({d}, {d}) is needed")
    X, M, nu = selection.embeddings, selection.largest_difference, float(np.linalg.norm(selection.direction))
    z = np.einsum("nld,de,ne->nl", X[selection.tokens[:, :2]], W, X[selection.query])
    b = selection.probs * K * (selection.counts[:, 1] / selection.counts[:, 0]) ** 2
    with np.errstate(over="ignore"):
        S = float((b * np.exp(-2 * (z[:, 0] - z[:, 1]))).sum())
    S_0 = float((selection.probs * K).min()) / (8 * M * nu * (3 + head.widest)) ** 2
    return SecondOrder(S, S_0, float(scipy.special.lambertw(1 / (2 * M * nu)).real) / (2 * M), nu, b)


def _second_order(x: Floats) -> Floats:
    """e^x − 1 − x without cancellation."""
    small = np.clip(x, -SERIES, SERIES)
    series = small**2 / 2 * (1 + small / 3 * (1 + small / 4 * (1 + small / 5 * (1 + small / 6 * (1 + small / 7)))))
    return np.where(np.abs(x) <= SERIES, series, np.expm1(x) - x)
