"""Several next tokens under frozen values: one token picked, or a mixture (book, selecting-attention)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import scipy.optimize

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_number, real_numbers, whole_number
from ntp_lib.numerics.results import result

SUM_TOLERANCE = 1e-9


@result
class SoftRetrieval:
    """The attention of least loss on the tokens that carry the labels.

    Attributes:
        attention: (k,), in the order of the labels; it sums to 1.
        loss: nats.
        excess: over the entropy of the labels, nats.
        slack: how much ∂loss/∂a differs from its least entry where attention is positive: 0 at the minimum.
    """

    attention: Floats
    loss: float
    excess: float
    slack: float


def retrieval_scale(probs: Sequence[float], vocab_size: int) -> float:
    """τ_c, the scale up to which all attention on the likeliest label is optimal; inf for one label.

    Hard retrieval is optimal if and only if p_1 − p_x ≥ (e^τ − 1)/(e^τ + V − 1) for every other label x; the same
    with p_x = 0 holds for tokens that carry none while it does for a label.

    Args:
        probs: of the labels, (k,), summing to 1.
        vocab_size: V, at least k.

    Returns:
        τ_c; 0 where two labels are likeliest, so that hard retrieval is never optimal.

    Raises:
        NTPDataError: probabilities or a vocabulary out of range.

    Example:
        >>> round(retrieval_scale([0.7, 0.3], 20), 3)
        2.663
    """
    p, V = checked_distribution(probs), checked_vocabulary(probs, vocab_size)
    if len(p) == 1:
        return float("inf")
    second, first = np.sort(p)[-2:]
    lead = float(first - second)
    return float(np.log1p(lead * V / (1 - lead)))


def soft_retrieval(probs: Sequence[float], scale: float, vocab_size: int) -> SoftRetrieval:
    """Minimise the loss of one sentence over attention on its labels' tokens, orthonormal and with values τ W_ov*.

    Two labels are solved in one number; more by SLSQP. Tokens without a label get no attention at the minimum.

    Args:
        probs: of the labels, (k,), summing to 1.
        scale: τ, positive.
        vocab_size: V, at least k.

    Raises:
        NTPDataError: an argument out of range.
    """
    p, V = checked_distribution(probs), checked_vocabulary(probs, vocab_size)
    tau = real_number(scale, "scale", above=0, most=300)

    def loss(a: Floats) -> float:
        return float(scipy.special.logsumexp(np.append(tau * a, np.zeros(V - len(p)))) - tau * p @ a)

    def slope(a: Floats) -> Floats:
        logits = np.append(tau * a, np.zeros(V - len(p)))
        return np.asarray(tau * (scipy.special.softmax(logits)[: len(p)] - p))

    a = _of_two(slope) if len(p) == 2 else _of_more(loss, slope, len(p))
    g = slope(a)
    value, entropy = loss(a), float(scipy.special.entr(p).sum())
    return SoftRetrieval(a, value, value - entropy, float((g - g.min()) @ a))


def late_log_odds(probs: Sequence[float], scale: float) -> float:
    """2 artanh(log(p_1/p_2)/τ), the log-odds of attention on two labels but for O(e^{−τ/2}/τ).

    Raises:
        NTPDataError: not two labels, or a scale at most |log(p_1/p_2)|.

    Example:
        >>> round(late_log_odds([0.7, 0.3], 20.0), 4)
        0.0848
    """
    p = checked_distribution(probs)
    if len(p) != 2:
        raise NTPDataError(f"probs has {len(p)} labels; two are needed")
    lead = float(np.log(p[0] / p[1]))
    scale = real_number(scale, "scale", above=abs(lead))
    return float(2 * np.arctanh(lead / scale))


def _of_two(slope: Callable[[Floats], Floats]) -> Floats:
    """Attention on two tokens: where the derivative along the edge vanishes, or its better end."""

    def along(x: float) -> float:
        g = slope(np.array([1 - x, x]))
        return float(g[1] - g[0])

    if along(0.0) >= 0:
        x = 0.0
    elif along(1.0) <= 0:
        x = 1.0
    else:
        x = float(scipy.optimize.brentq(along, 0.0, 1.0, xtol=1e-15, rtol=1e-14))
    return np.array([1 - x, x])


def _of_more(loss: Callable[[Floats], float], slope: Callable[[Floats], Floats], k: int) -> Floats:
    found = scipy.optimize.minimize(
        loss,
        np.full(k, 1 / k),
        jac=slope,
        method="SLSQP",
        bounds=[(0, 1)] * k,
        constraints={"type": "eq", "fun": lambda a: a.sum() - 1, "jac": lambda a: np.ones(k)},
        options={"ftol": 1e-15, "maxiter": 500},
    )
    a = np.maximum(found.x, 0.0)
    return np.asarray(a / a.sum())


def checked_distribution(probs: Sequence[float]) -> Floats:
    """Probabilities of labels, (k,): positive, of sum 1.

    Raises:
        NTPDataError: they are not.
    """
    p = real_numbers(probs, "probs")
    if (p <= 0).any() or abs(p.sum() - 1) > SUM_TOLERANCE:
        raise NTPDataError(f"probs are {p.tolist()}; positive numbers with sum 1 are needed")
    return p


def checked_vocabulary(probs: Sequence[float], vocab_size: int) -> int:
    """V, at least 2 and at least the number of labels.

    Raises:
        NTPDataError: it is less.
    """
    return whole_number(vocab_size, "vocab_size", least=max(2, len(probs)))
