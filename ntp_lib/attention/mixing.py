"""The least loss of one sentence with several labels, in closed form but for one number (book, thm-select-phase).

The output is (p − w)_+ and what is left over in equal parts on the vocabulary: the level w cuts the labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np
import scipy.optimize

from ntp_lib.attention.soft import checked_distribution, checked_vocabulary
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_number
from ntp_lib.numerics.results import result


@result
class Mixture:
    """The attention of least loss on the tokens that carry the labels, and what comes out.

    Attributes:
        level: w; labels of at most this probability get no attention.
        attention: (k,), in the order of the labels.
        output: probabilities of the labels' tokens, (k,).
        rest: probability of every other token of the vocabulary.
        excess: over the entropy of the labels, nats.
    """

    level: float
    attention: Floats = field(repr=False)
    output: Floats = field(repr=False)
    rest: float
    excess: float


def best_mixture(probs: Sequence[float], scale: float, vocab_size: int) -> Mixture:
    """The one minimiser of the loss over attention, for orthonormal tokens and values τ W_ov*.

    Args:
        probs: of the labels, (k,), summing to 1.
        scale: τ, positive.
        vocab_size: V, at least k.

    Raises:
        NTPDataError: an argument out of range.

    Example:
        >>> found = best_mixture([0.7, 0.3], 3.5, 20)
        >>> found.attention.round(3).tolist(), round(found.level, 3)
        ([0.803, 0.197], 0.273)
    """
    p, V = checked_distribution(probs), checked_vocabulary(probs, vocab_size)
    tau = real_number(scale, "scale", above=0, most=300)
    top = float(p.max())
    # At this level the likeliest label alone brings the sum to τ or beyond.
    least = np.log(top) - np.log1p(len(p) / V * np.exp(tau))

    def missing(log_level: float) -> float:
        return float(_log_gains(p, np.exp(log_level), V).sum()) - tau

    low, high = missing(least), np.log(top)
    level = float(
        np.exp(least if low <= 0 else scipy.optimize.brentq(missing, least, high, xtol=1e-14, rtol=1e-15))
    )
    gains, cut = _log_gains(p, level, V), np.minimum(p, level)
    rest = float(cut.sum()) / V
    return Mixture(
        level=level,
        attention=gains / gains.sum(),
        output=np.maximum(p - level, 0.0) + rest,
        rest=rest,
        excess=float(-p @ np.log1p((rest - cut) / p)),
    )


def joining_scales(probs: Sequence[float], vocab_size: int) -> Floats:
    """The scale τ beyond which each label gets attention, (k,), in the order of the labels; 0 for the likeliest.

    Args:
        probs: of the labels, (k,), summing to 1.
        vocab_size: V, at least k.

    Raises:
        NTPDataError: probabilities or a vocabulary out of range.

    Example:
        >>> joining_scales([0.5, 0.3, 0.2], 20).round(3).tolist()
        [0.0, 1.792, 3.864]
    """
    p, V = checked_distribution(probs), checked_vocabulary(probs, vocab_size)
    return np.array([_log_gains(p, float(level), V).sum() for level in p])


def late_mixture_excess(probs: Sequence[float], scale: float, vocab_size: int) -> float:
    """(V − k) (Π p)^{1/k} e^{−τ/k}, to which the excess of k labels tends in ratio, nats.

    Args:
        probs: of the labels, (k,), summing to 1.
        scale: τ, positive.
        vocab_size: V, at least k.

    Raises:
        NTPDataError: an argument out of range.
    """
    p, V = checked_distribution(probs), checked_vocabulary(probs, vocab_size)
    tau = real_number(scale, "scale", above=0, most=300)
    return float((V - len(p)) * np.exp(np.log(p).mean() - tau / len(p)))


def _log_gains(p: Floats, level: float, V: int) -> Floats:
    """τ times attention at the level w: log(1 + V (p − w)_+/Σ min(p, w)), (k,)."""
    return np.log1p(V * np.maximum(p - level, 0.0) / np.minimum(p, level).sum())
