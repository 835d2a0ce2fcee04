"""The same minimum in k × k numbers: inner products of classes, by Newton steps with a barrier.

Features of one class coincide at every minimum (book, thm-contrastive-collapse). What is left is the programme

    minimise F(M) = Σ_a (n_a/n) log(n_a − 1 + Σ_{b≠a} n_b exp(M_ab − τ)),   M ⪰ 0, M_aa = τ,

which is strictly convex. F exceeds Σ_a (n_a/n) log(n_a − 1) by an amount that falls like exp(−τk/(k−1)); this
excess is computed without subtraction, and every gap is relative to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ntp_lib.contrastive.unconstrained import checked_squared_length, class_sizes, tangent_gap
from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.numerics.aliases import Floats, Ints
from ntp_lib.numerics.numbers import real_number, whole_number
from ntp_lib.numerics.results import result

MAX_STEPS = 500
# By how much the barrier's weight falls once Newton's decrement is below the other.
SHRINK, DECREMENT = 0.2, 1e-3


@result
class ClassGram:
    """Outcome of `class_gram`.

    Attributes:
        gram: M, (k, k), inner products of the classes' features.
        cosines: M/τ.
        loss: F(M), nats: the least contrastive loss of features of squared length at most τ in any dimension.
        excess: F(M) less its infimum over all τ, nats.
        gap: certified bound of the distance from the minimum, relative to the excess.
        prices: multipliers μ of M_aa = τ for the excess over its value, (k,).
        slope: gradient of the excess over its value, (k, k); slope + diag(prices) is positive semidefinite and
            annihilates M, to the gap.
    """

    gram: Floats = field(repr=False)
    cosines: Floats = field(repr=False)
    loss: float
    excess: float
    gap: float
    prices: Floats = field(repr=False)
    slope: Floats = field(repr=False)


def class_gram(sizes: Sequence[int], squared_length: float, *, tolerance: float = 1e-9) -> ClassGram:
    """Solve the programme of the classes.

    Args:
        sizes: numbers of features of the classes, each at least 2.
        squared_length: τ, at most 300.
        tolerance: largest gap accepted, relative to the excess. The cosine of two classes that hold a small share
            of the features hardly moves the excess: with R times larger others it is known only where the
            tolerance is far below 1/R².

    Raises:
        NTPDataError: sizes, squared length or tolerance out of range.
        DidNotConvergeError: the gap was not reached.

    Example:
        >>> float(round(class_gram([5, 5, 5, 5], 1.0).cosines[0, 1], 6))
        -0.333333
    """
    problem = _Classes(class_sizes(sizes), checked_squared_length(squared_length))
    tolerance = real_number(tolerance, "tolerance", above=0, below=1)
    M = _minimise(problem, tolerance)
    excess, slope, _ = problem.derivatives(M)
    gap = tangent_gap(M, slope / excess, problem.squared_length)
    if not gap <= tolerance:
        raise DidNotConvergeError(
            f"the programme of the classes ended with gap {gap:.1e}, asked for {tolerance:.1e}"
        )
    shares = problem.sizes / problem.sizes.sum()
    loss = float(shares @ np.log(problem.sizes - 1)) + excess
    prices = -(slope * M).sum(axis=1) / excess / problem.squared_length
    return ClassGram(M, M / problem.squared_length, loss, excess, gap, prices, slope / excess)


def simplex_gram(num_classes: int, squared_length: float) -> Floats:
    """τ on the diagonal and −τ/(k−1) off it, (k, k): classes as far apart as they can all be."""
    k = whole_number(num_classes, "num_classes", least=2)
    squared_length = checked_squared_length(squared_length)
    return np.asarray(squared_length * (k * np.eye(k) - 1) / (k - 1))


def class_excess(gram: Floats, sizes: Sequence[int], squared_length: float) -> float:
    """F(M) less its infimum over all τ, nats, for M of shape (k, k) with τ on the diagonal.

    Raises:
        NTPDataError: sizes or squared length out of range, or an M of another shape.
    """
    problem = _Classes(class_sizes(sizes), checked_squared_length(squared_length))
    if gram.shape != (len(problem.sizes),) * 2:
        raise NTPDataError(f"gram has shape {gram.shape}; {len(problem.sizes)} classes need a square of as many")
    return problem.derivatives(gram)[0]


def limiting_shifts(sizes: Sequence[int]) -> Floats:
    """Limit of M_ab + τ/(k−1) as τ → ∞, (k, k) with zeros on the diagonal (book, thm-contrastive-simplex).

    log(w̄/w_ab) with w_ab = n_a n_b (1/(n_a − 1) + 1/(n_b − 1)) and w̄ their geometric mean over pairs.

    Example:
        >>> limiting_shifts([4, 4, 4])[0].round(6).tolist()
        [0.0, 0.0, 0.0]
    """
    counts = class_sizes(sizes).astype(float)
    logs = np.log(np.outer(counts, counts) * (1 / (counts[:, None] - 1) + 1 / (counts[None] - 1)))
    pairs = np.triu_indices(len(counts), 1)
    shifts = logs[pairs].mean() - logs
    np.fill_diagonal(shifts, 0.0)
    return np.asarray(shifts)


@dataclass(frozen=True, eq=False)
class _Classes:
    """Sizes n_a, (k,), and τ."""

    sizes: Ints
    squared_length: float

    def derivatives(self, M: Floats) -> tuple[float, Floats, Floats]:
        """Excess of F, its symmetric gradient, and the softmax masses s_ab of class b for class a, both (k, k)."""
        shares = self.sizes / self.sizes.sum()
        masses = self.sizes / (self.sizes[:, None] - 1) * np.exp(M - self.squared_length)
        np.fill_diagonal(masses, 0.0)
        sums = masses.sum(axis=1)
        s = masses / (1 + sums)[:, None]
        one_sided = shares[:, None] * s
        return float(shares @ np.log1p(sums)), (one_sided + one_sided.T) / 2, s

    def curvature(self, s: Floats) -> Floats:
        """Second derivatives of F in the entries of pairs a < b, from the softmax masses, (k(k−1)/2,) squared."""
        k = len(s)
        rows, columns = np.triu_indices(k, 1)
        place = np.zeros((k, k), dtype=np.int64)
        place[rows, columns] = place[columns, rows] = np.arange(len(rows))
        shares = self.sizes / self.sizes.sum()
        H = np.zeros((len(rows), len(rows)))
        for a in range(k):
            others = np.flatnonzero(np.arange(k) != a)
            at = place[a, others]
            H[np.ix_(at, at)] += shares[a] * (np.diag(s[a, others]) - np.outer(s[a, others], s[a, others]))
        return H


def _minimise(problem: _Classes, tolerance: float) -> Floats:
    """Follow the minimisers of F/F(simplex) − ν log det M as ν falls; their gap is kν."""
    k, tau = len(problem.sizes), problem.squared_length
    simplex = simplex_gram(k, tau)
    scale = problem.derivatives(simplex)[0]
    M, weight = (tau * simplex + tau * np.eye(k)) / (1 + tau), 1.0
    for _ in range(MAX_STEPS):
        step, decrement = _newton(problem, M, weight, scale)
        M = _damped(M, step, decrement)
        if decrement < DECREMENT:
            excess = problem.derivatives(M)[0] / scale
            if 2 * k * weight <= tolerance * excess:
                break
            weight *= SHRINK
    return M


def _newton(problem: _Classes, M: Floats, weight: float, scale: float) -> tuple[Floats, float]:
    """Newton's step as a symmetric matrix with zero diagonal, and its decrement over √ν."""
    rows, columns = np.triu_indices(len(M), 1)
    P = np.linalg.inv(M)
    _, slope, s = problem.derivatives(M)
    g = 2 * (slope / scale / weight - P)[rows, columns]
    H = problem.curvature(s) / scale / weight
    H += 2 * P[np.ix_(rows, rows)] * P[np.ix_(columns, columns)]
    H += 2 * P[np.ix_(rows, columns)] * P[np.ix_(columns, rows)]
    x = -np.linalg.solve(H, g)
    step = np.zeros_like(M)
    step[rows, columns] = step[columns, rows] = x
    return step, float(np.sqrt(max(-float(g @ x), 0.0)))


def _damped(M: Floats, step: Floats, decrement: float) -> Floats:
    """A step of length 1/(1 + decrement) until Newton's converges, halved while it leaves the cone."""
    length = 1.0 if decrement < 0.25 else 1 / (1 + decrement)
    while np.linalg.eigvalsh(M + length * step)[0] <= 0:
        length /= 2
    return np.asarray(M + length * step)
