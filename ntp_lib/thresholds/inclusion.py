"""How often two tokens enter random supports: together, one alone, or neither (book, def-support-laws)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ntp_lib.numerics.aliases import Floats
from ntp_lib.thresholds.support_laws import SupportLaw

# The trapezoidal rule in y for t = exp(y − e^{−y}): the integrands decay doubly exponentially to the left and like
# exp(−e^y) to the right, so its error falls geometrically in the number of nodes.
LEFT, RIGHT, NODES = -4.4, 4.4, 177
# Tokens times largest size up to which arrivals are counted exactly; ten seconds or so.
MOST_STEPS = 2 * 10**7
# Beyond: draws, and numbers held at once.
DRAWS = 2000
CHUNK = 2**22


@dataclass(frozen=True)
class PairChances:
    """Chances of a support with both tokens of a pair, or with exactly one of them.

    Attributes:
        both: P(x, y ∈ S).
        one: P(exactly one of x, y in S).
        error: standard error of both + one/2; 0 where the chances were summed.
    """

    both: float
    one: float
    error: float = 0.0


def first_two_tokens(law: SupportLaw, vocab_size: int, *, seed: int = 0) -> PairChances:
    """The pair {0, 1}, whose tokens enter most supports.

    Zipf: tokens arrive at independent exponential times of rates 1/rank, and a support of s tokens holds the first
    s. With N(t) the number of others that arrived by t, the pair is absent with chance
    ∫ (a + b) e^{−(a + b)t} P(N(t) ≥ s) dt, and both are present with chance ∫ P(N(t) ≤ s − 2) dG(t),
    G(t) = (1 − e^{−at})(1 − e^{−bt}).

    Args:
        law: of the supports.
        vocab_size: V, at least 2.
        seed: of the draws that replace the integrals where V times the largest size is above `MOST_STEPS`.
    """
    V, sizes = vocab_size, np.array(law.sizes)
    if not law.zipf:
        present, together = float(np.mean(sizes) / V), float(np.mean(sizes * (sizes - 1.0)) / (V * (V - 1.0)))
        return PairChances(together, 2 * (present - together))
    if V * law.largest > MOST_STEPS:
        return _drawn(law, V, np.random.default_rng(seed))
    y = np.linspace(LEFT, RIGHT, NODES)
    t = np.exp(y - np.exp(-y))
    weights = (y[1] - y[0]) * t * (1 + np.exp(-y))
    below = _arrivals_at_most(V, law.largest, t)  # row k: P(N ≤ k − 2)
    later = np.exp(-t) + 0.5 * np.exp(-0.5 * t) - 1.5 * np.exp(-1.5 * t)
    both = float(np.mean(below[sizes] @ (weights * later)))
    neither = float(np.mean((1 - below[sizes + 1]) @ (weights * 1.5 * np.exp(-1.5 * t))))
    return PairChances(both, max(0.0, 1 - both - neither))


def _arrivals_at_most(V: int, largest: int, t: Floats) -> Floats:
    """P(N(t) ≤ k − 2) for k = 0, …, largest + 1, where N counts the arrived tokens of ranks 3, …, V."""
    exactly = np.zeros((largest, len(t)))
    exactly[0] = 1.0
    for rank in range(3, V + 1):
        absent = np.exp(-t / rank)
        arrived = exactly[:-1] * (1 - absent)
        exactly *= absent
        exactly[1:] += arrived
    return np.vstack([np.zeros((2, len(t))), np.cumsum(exactly, axis=0)])


def _drawn(law: SupportLaw, V: int, rng: np.random.Generator) -> PairChances:
    """The same integrals given the arrivals of the others, averaged over draws of these."""
    rates = 1 / np.arange(3, V + 1)
    both, neither = np.empty(DRAWS), np.empty(DRAWS)
    chunk = max(1, CHUNK // V)
    for start in range(0, DRAWS, chunk):
        rows = slice(start, min(start + chunk, DRAWS))
        others = rng.exponential(size=(rows.stop - start, V - 2)) / rates
        if law.largest < V - 2:
            others = np.partition(others, law.largest, axis=1)[:, : law.largest + 1]
        others.sort(axis=1)
        ends = np.pad(others, ((0, 0), (1, 2)), constant_values=((0, 0), (0.0, np.inf)))
        sizes = rng.integers(law.smallest, law.largest + 1, size=(len(others), 1))
        before, at = (np.take_along_axis(ends, sizes - back, axis=1)[:, 0] for back in (1, 0))
        both[rows] = np.expm1(-before) * np.expm1(-0.5 * before)
        neither[rows] = np.exp(-1.5 * at)
    error = float(np.std(0.5 * (1 + both - neither), ddof=1) / np.sqrt(DRAWS))
    return PairChances(float(both.mean()), float(1 - both.mean() - neither.mean()), error)
