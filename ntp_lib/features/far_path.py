"""Minimisers of CE(Λ) + λ‖Λ‖_* at penalties below the range of numbers, where the logits have full rank.

At small λ in-support differences are the log-odds up to O(λ) (book, prop-softmax-bound), and the weight off the
supports is a sum of exponentials. With margins log(1/λ) + ρ_jv, λ drops out: what is left is convex in ρ, and
smooth as long as the rank is full (book, thm-full-rank-path).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

import numpy as np

from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.features.measurements import FeatureReferences
from ntp_lib.features.second_order import FullRank, full_rank, root_of_cost, settled_offsets, unit_entries
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.numbers import real_numbers
from ntp_lib.numerics.results import result

# The log-odds are held, from which in-support differences are O(λ) away: less than 1e-4 from here on.
LEAST_LOG = 10.0
MAX_STEPS, MAX_HALVINGS, STATIONARY = 100, 60, 1e-13


@result
class FarPath:
    """Points of the ridge path for the log-penalties T = log(1/λ).

    Attributes:
        references: of the problem.
        optimum: the max-margin matrix of full rank from which the path was found.
        log_penalties: T, (k,).
        offsets: margins over the mean in-support logit, less T, (k, m, V); zero on the supports.
        logits: Λ_λ with rows that sum to zero, (k, m, V).
        norms: B = ‖Λ_λ‖_*, (k,).
    """

    references: FeatureReferences = field(repr=False)
    optimum: FullRank = field(repr=False)
    log_penalties: Floats
    offsets: Floats = field(repr=False)
    logits: Floats = field(repr=False)
    norms: Floats

    @property
    def reach(self) -> Floats:
        """B/ν_*, (k,)."""
        return np.asarray(self.norms / -self.optimum.dual[~self.references.support].sum())

    def rests(self, direction: Floats) -> Floats:
        """Frobenius distances of the logits from B/ν_* times a max-margin matrix (m, V), (k,)."""
        return np.linalg.norm(self.logits - self.reach[:, None, None] * direction, axis=(1, 2))


def far_path(
    references: FeatureReferences, log_penalties: Sequence[float], *, optimum: Floats | None = None
) -> FarPath:
    """Follow the minimisers outwards by Newton steps from a max-margin matrix of full rank.

    Args:
        references: of the problem.
        log_penalties: T = log(1/λ), from 10 upwards and increasing; steps by factors up to two are safe.
        optimum: a max-margin matrix of full rank, (m, V); by default the one in `references`.

    Raises:
        NTPDataError: log-penalties out of order or range, or an `optimum` that is none of full rank.
        DidNotConvergeError: no stationary point was found, for example because the path loses rank.

    Example:
        >>> from ntp_lib.features.families import chain, with_probabilities
        >>> from ntp_lib.features.measurements import feature_references
        >>> path = far_path(feature_references(with_probabilities(chain(3))), [20, 40])
        >>> (path.log_penalties - path.reach).round(2).tolist()
        [0.5, 0.51]
    """
    logs = real_numbers(log_penalties, "log_penalties")
    if logs[0] < LEAST_LOG or any(np.diff(logs) <= 0):
        raise NTPDataError(
            f"log_penalties are {logs.tolist()}; values of log(1/λ) must increase from at least {LEAST_LOG:g}"
        )
    start = references.margin.W.T if optimum is None else optimum
    problem = _Problem(references, full_rank(start, references))
    before, rho = float(logs[0]), problem.guess(start, float(logs[0]))
    offsets, logits, norms = [], [], []
    for log in logs.tolist():
        rho = problem.solved(np.where(problem.free, rho * log / before, rho), log)
        before = log
        offsets.append(problem.spread(rho))
        logits.append(problem.logits(rho, log))
        norms.append(float(problem.parts(rho, log)[1].sum()))
    return FarPath(references, problem.optimum, logs, np.array(offsets), np.array(logits), np.array(norms))


class _Problem:
    """The reduced problem: minimise Σ w_i exp(−ρ_i) + ‖Λ(T + ρ)‖_* over the pairs i off the supports."""

    def __init__(self, references: FeatureReferences, optimum: FullRank) -> None:
        self.references, self.optimum = references, optimum
        self.off = ~references.support
        self.free = optimum.free[self.off]
        inside = np.where(references.support, np.exp(references.finite), 0.0).sum(axis=1)
        self.weights = (references.data.context_probs / inside)[np.nonzero(self.off)[0]]
        # A margin enters with a minus.
        self.units = -unit_entries(self.off)

    def guess(self, start: Floats, log: float) -> Floats:
        """Tight pairs where they settle, free ones in proportion to the start."""
        support = self.references.support
        levels = np.where(support, start, 0.0).sum(axis=1) / support.sum(axis=1)
        far = (levels[:, None] - start - 1)[self.off] * log + np.log(log)
        return np.where(self.free, far, settled_offsets(self.optimum, self.references)[self.off])

    def spread(self, rho: Floats) -> Floats:
        out = np.zeros(self.off.shape)
        out[self.off] = rho
        return out

    def logits(self, rho: Floats, log: float) -> Floats:
        L = self.references.finite - self.spread(log + rho)
        return np.asarray(L - L.mean(axis=1)[:, None])

    def parts(self, rho: Floats, log: float) -> tuple[Floats, Floats, Floats]:
        """U, σ and Q of the logits."""
        left, sigma, right = np.linalg.svd(self.logits(rho, log), full_matrices=False)
        r = len(self.optimum.sigma)
        return left[:, :r], sigma[:r], right[:r].T

    def pull(self, rho: Floats) -> Floats:
        return np.asarray(self.weights * np.exp(np.minimum(-rho, 50.0)))

    def gradient(self, rho: Floats, log: float) -> Floats:
        left, _, right = self.parts(rho, log)
        return np.asarray(-self.pull(rho) - (left @ right.T)[self.off])

    def solved(self, rho: Floats, log: float) -> Floats:
        """Newton steps, each shortened or lengthened until the slope along it has halved."""
        gradient = self.gradient(rho, log)
        for _ in range(MAX_STEPS):
            if np.abs(gradient).max() < STATIONARY:
                return rho
            step = self.newton_step(rho, log, gradient)
            if not np.isfinite(step).all():
                break
            rho, gradient = self._searched(rho, log, step, float(gradient @ step))
        raise DidNotConvergeError(
            f"the path at λ = e^-{log:g} was not found: slope {np.abs(gradient).max():.1e} is left; where logits "
            "lose rank the norm is not smooth; elsewhere a larger first log-penalty or closer ones may help"
        )

    def newton_step(self, rho: Floats, log: float, gradient: Floats) -> Floats:
        """The step to the minimum of the second-order model, cut to half of log(1/λ); nan where it is singular."""
        root = root_of_cost(self.units, *self.parts(rho, log))
        hessian = 2 * root @ root.T + np.diag(self.pull(rho) + 1e-15)
        if not np.isfinite(hessian).all():
            return np.full_like(rho, np.nan)
        try:
            step = np.asarray(-np.linalg.solve(hessian, gradient), dtype=np.float64)
        except np.linalg.LinAlgError:
            return np.full_like(rho, np.nan)
        return step * min(1.0, log / (2 * float(np.abs(step).max())))

    def _searched(self, rho: Floats, log: float, step: Floats, slope: float) -> tuple[Floats, Floats]:
        low, high, length = 0.0, np.inf, 1.0
        for _ in range(MAX_HALVINGS):
            gradient = self.gradient(rho + length * step, log)
            along = float(gradient @ step)
            if abs(along) <= abs(slope) / 2 or length > 4:
                break
            low, high = (length, high) if along < 0 else (low, length)
            length = 2 * length if np.isinf(high) else (low + high) / 2
        return rho + length * step, gradient
