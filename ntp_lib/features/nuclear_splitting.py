"""Douglas–Rachford splitting for the nuclear-norm programme: singular values against water levels.

The norm's half lowers singular values by the inverse penalty, the constraints' half is a water level for every
context (book, lem-water-level). What the projection takes away is, up to the penalty, a matrix of multipliers. Now
and then both sides are made feasible, so that the gap between them is a proof, whatever the iteration did. So are
their means over the second half of the iteration, which are nearer where the iterates turn around the solution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from ntp_lib.features.feasible import feasible_dual, feasible_logits
from ntp_lib.features.kinds import MergedSupports
from ntp_lib.margins.norms import NUCLEAR, polar_factor
from ntp_lib.margins.splitting import water_level
from ntp_lib.numerics.aliases import Floats

OVER_RELAXATION = 1.6
CHECK_EVERY = 25
# The penalty follows the residuals where they differ by more than this factor, by at most that factor a time.
BALANCE, LARGEST_CHANGE = 1.2, 3.0
# A change of penalty restarts the transient, so changes come ever more rarely.
BALANCE_SPACING = 1.5
# A gap is brought down to this where it takes at most so many times the steps that the tolerance took.
SHARP, SHARPENING = 1e-10, 3
# Levels end at their roots by themselves, after two or three steps.
LEVEL_STEPS = 100
# A Gram matrix squares the relative error of values this far below the largest: beyond it they are found directly.
GRAM_RANGE = 300.0


@dataclass(frozen=True, eq=False)
class NuclearSplit:
    """Where the splitting ended.

    Attributes:
        logits: feasible, one entry per pair of kinds, (r, c).
        dual: feasible multipliers of each pair of tokens and contexts, (r, c); as a whole of spectral norm one.
        norm: nuclear norm of the whole matrix of logits.
        bound: no feasible logits have a smaller norm.
        steps: taken.
    """

    logits: Floats
    dual: Floats
    norm: float
    bound: float
    steps: int

    @property
    def gap(self) -> float:
        """1 − bound/norm."""
        return 1 - self.bound / self.norm

    def or_better(self, other: NuclearSplit) -> NuclearSplit:
        """Logits of the smaller norm and multipliers of the larger bound, from either."""
        primal = self if self.norm < other.norm else other
        dual = self if self.bound > other.bound else other
        return NuclearSplit(primal.logits, dual.dual, primal.norm, dual.bound, self.steps)


def nuclear_splitting(merged: MergedSupports, *, tolerance: float, max_steps: int) -> NuclearSplit:
    """Iterate from the centred supports and their polar factor, which may be the solution already.

    Args:
        merged: supports, at least one of which leaves a token out.
        tolerance: gap after which only sharpening follows.
        max_steps: after which the best pair found is returned, whatever its gap.
    """
    state = _Iteration(merged)
    best, last_step, next_balance = state.feasible(None), max_steps, CHECK_EVERY
    while best.gap > min(tolerance, SHARP) and state.steps < last_step:
        state.advance(min(CHECK_EVERY, last_step - state.steps))
        best, before = state.feasible(best), best
        if best.gap <= tolerance < before.gap:
            last_step = min(max_steps, SHARPENING * state.steps)
        if state.steps >= next_balance:
            next_balance = int(BALANCE_SPACING * state.steps) + CHECK_EVERY
            state.rebalance()
    return best


def lowered_singular_values(X: Floats, by: float) -> Floats:
    """The matrix with every singular value lowered by `by`, or to zero: the proximal step of the nuclear norm."""
    if X.shape[0] < X.shape[1]:
        return lowered_singular_values(X.T, by).T
    squares, Q = scipy.linalg.eigh(X.T @ X, check_finite=False)
    if squares[-1] > (GRAM_RANGE * by) ** 2:
        U, sigma, Qt = np.linalg.svd(X, full_matrices=False)
        kept = sigma > by
        return np.asarray((U[:, kept] * (sigma[kept] - by)) @ Qt[kept])
    kept = squares > by**2
    Q = Q[:, kept]
    return np.asarray(X @ ((Q * (1 - by / np.sqrt(squares[kept]))) @ Q.T))


def _made_feasible(merged: MergedSupports, Y: Floats, A: Floats, steps: int) -> NuclearSplit:
    """A feasible pair of scaled logits and multipliers, (r, c), near this one."""
    support, counts, scale = merged.support, merged.column_counts, merged.scale
    X = feasible_logits(Y / scale, support, counts)
    dual = feasible_dual(A / scale, support, counts, scale)
    bound = -float((scale**2 * dual)[~support].sum())
    return NuclearSplit(X, dual, float(NUCLEAR.size(scale * X)), bound, steps)


class _Iteration:
    """The state: Y in the cones and U, what the projection took, both scaled to the whole matrix's norm."""

    def __init__(self, merged: MergedSupports) -> None:
        self.merged, self.steps = merged, 0
        support, counts = merged.support, merged.column_counts
        self._shift = np.where(support, 0.0, 1.0)
        self._floor = np.where(support, -np.inf, 0.0)
        proxy = support - (support @ counts / counts.sum())[:, None]
        self._Y = merged.scale * proxy
        polar = polar_factor(self._Y)
        # One over the mean singular value.
        self._penalty = float(np.sum(polar**2) / np.vdot(polar, self._Y))
        self._U = -polar / self._penalty
        self._level = np.ones_like(proxy[:, :1])
        self._residuals = (0.0, 0.0)
        self._sums, self._summed = (np.zeros_like(proxy), np.zeros_like(proxy)), 0

    def advance(self, steps: int) -> None:
        """Iterate, and measure how far the halves are apart and how far the projection still moves."""
        merged, lowered, last = self.merged, self._Y, self._Y
        if 2 * self._summed >= self.steps:
            self._sums, self._summed = (np.zeros_like(last), np.zeros_like(last)), 0
        for _ in range(steps):
            last = self._Y
            lowered = lowered_singular_values(self._Y - self._U, 1 / self._penalty)
            point = OVER_RELAXATION * lowered + (1 - OVER_RELAXATION) * self._Y + self._U
            self._level, taken = water_level.clipped(
                np,
                point / merged.scale + self._shift,
                self._level,
                self._floor,
                steps=LEVEL_STEPS,
                weights=merged.column_counts,
            )
            self._U = merged.scale * taken
            self._Y = point - self._U
            self._sums = self._sums[0] + self._Y, self._sums[1] - self._penalty * self._U
            self.steps, self._summed = self.steps + 1, self._summed + 1
        norm = np.linalg.norm
        self._residuals = (
            float(norm(lowered - self._Y) / norm(self._Y)),
            float(norm(self._Y - last) / norm(self._U)),
        )

    def feasible(self, best: NuclearSplit | None) -> NuclearSplit:
        """The best pair, side by side, of what was best, of this state, and of the mean of the last ones."""
        found = _made_feasible(self.merged, self._Y, -self._penalty * self._U, self.steps)
        if best is not None:
            mean_Y, mean_A = (total / self._summed for total in self._sums)
            found = found.or_better(_made_feasible(self.merged, mean_Y, mean_A, self.steps)).or_better(best)
        return found

    def rebalance(self) -> None:
        """Raise the penalty where the halves disagree, lower it where they agree but still move."""
        apart, moving = self._residuals
        factor = float(np.sqrt(apart / max(moving, np.finfo(float).tiny)))
        if not 1 / BALANCE <= factor <= BALANCE:
            factor = float(np.clip(factor, 1 / LARGEST_CHANGE, LARGEST_CHANGE))
            self._penalty *= factor
            self._U = self._U / factor
