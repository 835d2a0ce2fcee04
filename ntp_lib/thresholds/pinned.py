"""The number of tokens that the water level pins, exactly (book, def-water-level and lem-pinned)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.special as special

from ntp_lib.errors import DidNotConvergeError
from ntp_lib.numerics.aliases import Floats

# Both integrands are entire and decay like Gaussians, so the trapezoidal rule converges geometrically; with these
# nodes, a tenth of a standard deviation apart or less, its error is far below rounding.
REACH = 11.0
INNER_NODES = 160
OUTER_NODES = 800
BISECTIONS = 70
BLOCK = 256
# Probability that may be left out of the sum, and by how much it may miss one.
TAIL = 1e-14
SUM_TOLERANCE = 1e-9
# Terms that are summed, about a millisecond each; the law of a spreads over more for huge vocabularies only.
MOST_TERMS = 2**15


@dataclass(frozen=True)
class PinnedTokens:
    """The law of a, the number of tokens off the support that the water level pins.

    Attributes:
        mean: E[a].
        residual: |Σ_k P(a = k) − 1|: the probabilities are computed one by one, so their sum is a test of them.
    """

    mean: float
    residual: float


@lru_cache(maxsize=4096)
def pinned_tokens(vocab_size: int, support_size: int) -> PinnedTokens:
    """Sum the law of a exactly: P(a = k) = C(n, k) · inner(k) · outer(k), n = V − |S| (book, lem-pinned).

    Given which k tokens are pinned, their distances from the mean over the |S| + k pinned values are independent
    of that mean. `inner` is the probability that all k distances are positive, `outer` that the other n − k
    values lie below the mean.

    Args:
        vocab_size: V.
        support_size: |S|, between 1 and V.

    Raises:
        DidNotConvergeError: the probabilities do not sum to one, or too many would have to be summed.
    """
    others = vocab_size - support_size
    if others == 1:
        return PinnedTokens(0.5, 0.0)  # one Gaussian against an independent mean: a fair coin
    total = mean = 0.0
    for k, chances in _blocks(support_size, others):
        if k[0] >= MOST_TERMS:
            raise DidNotConvergeError(
                f"the law of pinned tokens for V = {vocab_size}, |S| = {support_size} has more than {MOST_TERMS} "
                "terms; threshold_estimate(method='monte-carlo') draws them instead"
            )
        total += float(chances.sum())
        mean += float(k @ chances)
        if total > 0.5 and chances[-1] < TAIL:
            break
    residual = abs(total - 1)
    if residual > SUM_TOLERANCE:
        raise DidNotConvergeError(
            f"the law of pinned tokens for V = {vocab_size}, |S| = {support_size} sums to {total:.12g}, not to 1"
        )
    return PinnedTokens(mean, residual)


def pinned_distribution(vocab_size: int, support_size: int) -> Floats:
    """P(a = k) for k = 0, …, V − |S|, shape (V − |S| + 1,) (book, lem-pinned).

    Args:
        vocab_size: V.
        support_size: |S|, between 1 and V.

    Raises:
        DidNotConvergeError: the probabilities do not sum to one.
    """
    others = vocab_size - support_size
    if others < 2:
        return np.full(others + 1, 1 / (others + 1))
    chances = np.concatenate([part for _, part in _blocks(support_size, others)])
    if (residual := abs(chances.sum() - 1)) > SUM_TOLERANCE:
        raise DidNotConvergeError(
            f"the law of pinned tokens for V = {vocab_size}, |S| = {support_size} misses one by {residual:.1e}"
        )
    return chances


def _blocks(size: int, others: int) -> Iterator[tuple[Floats, Floats]]:
    for start in range(0, others + 1, BLOCK):
        k = np.arange(start, min(start + BLOCK, others + 1), dtype=np.float64)
        choices = special.gammaln(others + 1) - special.gammaln(k + 1) - special.gammaln(others - k + 1)
        yield k, np.exp(choices + log_inner(k, size) + log_outer(k, size, others))


def log_inner(k: Floats, size: int) -> Floats:
    """Log of P(g_v > mean of all size + k values, for k of them).

    The k distances have covariance I − J/t, t = size + k. For covariance I + rJ and r ≥ 0 the probability is
    E[Φ(√r η)^k]; both are analytic in r > −1/k, which gives E[Φ(iη/√t)^k]. Moving the line of integration to the
    saddle point of the integrand removes all cancellation.

    Args:
        k: numbers of tokens, shape (n,).
        size: |S|.
    """
    t = size + k
    low, high = np.zeros_like(k), k / np.sqrt(t * size)
    for _ in range(BISECTIONS):
        u = (low + high) / 2
        rises = t * u > k * _hazard(u)
        low, high = np.where(rises, low, u), np.where(rises, u, high)
    u = (low + high) / 2
    curvature = t - k * _hazard(u) * (_hazard(u) - u)
    step = REACH / INNER_NODES / np.sqrt(curvature)
    x = (np.arange(INNER_NODES) + 0.5)[None, :] * step[:, None]
    peak = k * special.log_ndtr(-u) + t * u**2 / 2
    exponent = k[:, None] * (special.log_ndtr(-u[:, None] + 1j * x) - special.log_ndtr(-u)[:, None])
    exponent = exponent - t[:, None] * (x**2 / 2 + 1j * x * u[:, None])
    integral = 2 * step * np.exp(exponent).real.sum(axis=1)
    return np.asarray(peak + np.log(integral) + np.log(t / (2 * np.pi)) / 2)


def log_outer(k: Floats, size: int, others: int) -> Floats:
    """Log of P(others − k standard Gaussians all lie below an independent N(0, 1/(size + k)))."""
    t, r = size + k, others - k
    low, high = np.zeros_like(k), r / t + 1
    for _ in range(BISECTIONS):
        x = (low + high) / 2
        rises = t * x > r * _hazard(-x)
        low, high = np.where(rises, low, x), np.where(rises, x, high)
    x = (low + high) / 2
    curvature = t + r * _hazard(-x) * (_hazard(-x) + x)
    start, end = x - REACH / np.sqrt(curvature), x + REACH / np.sqrt(t)
    step = (end - start) / OUTER_NODES
    nodes = start[:, None] + np.arange(OUTER_NODES + 1)[None, :] * step[:, None]
    peak = r * special.log_ndtr(x) - t * x**2 / 2
    exponent = r[:, None] * special.log_ndtr(nodes) - t[:, None] * nodes**2 / 2 - peak[:, None]
    return np.asarray(peak + np.log(step * np.exp(exponent).sum(axis=1)) + np.log(t / (2 * np.pi)) / 2)


def _hazard(u: Floats) -> Floats:
    """φ(u)/Φ(−u), without overflow for large u and without underflow for small."""
    return np.asarray(np.exp(-(u**2) / 2 - special.log_ndtr(-u)) / np.sqrt(2 * np.pi))
