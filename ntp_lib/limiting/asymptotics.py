"""Where descent and flow settle in the frame that moves with W^mm, and the law of the direction (thm-flow-law)."""

from __future__ import annotations

from dataclasses import field

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.optimize

from ntp_lib.errors import DidNotConvergeError, NTPDataError
from ntp_lib.limiting.limits import Limits, not_separable
from ntp_lib.loss.split import split_softmax
from ntp_lib.margins.active_pairs import ActivePairs, active_pairs
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.results import result
from ntp_lib.subspaces.data_space import DataSpace, data_space

# Multipliers below this fraction of the largest count as zero. Rounding leaves 1e-12 of them, the active set 1e-9.
GENERIC_FRACTION = 1e-8
RANK_TOLERANCE = 1e-10


@result
class Asymptotics:
    """What the supports and W° alone predict of W = W° + Δ + s W^mm + ρ, s = log t.

    N is the span of the g_jv of the active pairs, a subspace of F⊥ that contains W^mm.

    Attributes:
        references: the problem.
        pairs: the active pairs.
        weakest: the least multiplier of an active pair, at its largest over all dual solutions, as a fraction of
            the largest one; zero where some active pair has multiplier zero in every dual solution.
        multipliers: limit of t π̂_j o_jv, (m, V); None unless generic.
        drift: limit of P_N ρ, (V, d); None unless generic.
        rate: ρ settles at least as fast as e^{−cs} for every c below this: the least of 1, the least surplus
            margin of an inactive pair, and the least eigenvalue of Σ ᾱ_jv g_jv ⊗ g_jv on N; NaN unless generic.
    """

    references: Limits
    pairs: ActivePairs = field(repr=False)
    weakest: float
    multipliers: Floats | None = field(repr=False)
    drift: Floats | None = field(repr=False)
    rate: float
    _space: DataSpace = field(repr=False)
    _basis: Floats = field(repr=False)

    @property
    def generic(self) -> bool:
        """Whether some dual solution has a positive multiplier on every active pair."""
        return self.weakest > GENERIC_FRACTION

    def free_part(self, W: Floats) -> Floats:
        """The part of P_⊥ W orthogonal to N, (V, d): what is remembered of the start and of the way."""
        y = self._space.coordinates(W)[1]
        along = self._space.embed_offset(self._basis @ (self._basis.T @ y))
        return self.references.F.project_complement(W) - along

    def one_minus_cosine(
        self,
        log_time: npt.ArrayLike,
        *,
        free: Floats | None = None,
        corrected: bool = False,
        refined: bool = False,
    ) -> Floats:
        """The law 1 − cos(W(t), W^mm) ≈ (‖W°‖² + ‖ρ_∞^⊥‖²) / (2 ν² s²), ν = ‖W^mm‖.

        Args:
            log_time: s > 0; for the ridge path, R with e^{−R} = λR.
            free: limit of the part of ρ orthogonal to N, (V, d); zero for the regularisation path.
            corrected: for W − W°: without ‖W°‖².
            refined: with ν s + ⟨ρ_∞, W^mm⟩/ν in place of ν s.

        Raises:
            NTPDataError: the active pairs are degenerate, and there is no such law.
        """
        if self.drift is None:
            raise NTPDataError(
                f"an active pair has multiplier zero (the weakest is {self.weakest:.1e} of the largest), so ρ has "
                "no limit and the law does not hold; `generic` tells beforehand"
            )
        W_mm = self.pairs.W_mm
        nu = float(np.linalg.norm(W_mm))
        along = float(np.sum(self.drift * W_mm)) / nu
        across = float(np.linalg.norm(self.drift)) ** 2 - along**2
        across += 0.0 if free is None else float(np.linalg.norm(free)) ** 2
        across += 0.0 if corrected else float(np.linalg.norm(self.references.W_finite)) ** 2
        reach = nu * np.asarray(log_time, dtype=np.float64) + (along if refined else 0.0)
        return np.asarray(across / (2 * reach**2))


def asymptotics(references: Limits) -> Asymptotics:
    """Predict the limits that need no integration: multipliers, drift along N, and the rate of settling.

    On N the drift minimises the strictly convex Φ(r) = Σ b_jv e^{−μ_jv(r)} + ⟨W^mm, r⟩ over active pairs, with
    b_jv = π̂_j o_jv(W°). Where the g_jv are independent, μ_jv(r) = log(b_jv/α_jv) with α the multipliers.

    Args:
        references: F, W* (or W°) and W^mm.

    Raises:
        NotSeparableError: there is no W^mm.
        DidNotConvergeError: too many active pairs, or no minimiser of Φ was found.
    """
    if references.W_mm is None:
        raise not_separable(references, "the flow has no W^mm to settle around")
    space = data_space(references.F)
    pairs = active_pairs(references.W_mm, references.data, space)
    if pairs.vectors is None:
        raise DidNotConvergeError(f"{int(pairs.mask.sum())} active pairs are too many to form their vectors")
    left, sigma, right = scipy.linalg.svd(pairs.vectors, full_matrices=False)
    keep = sigma > RANK_TOLERANCE * sigma[0]
    basis, maps = right[keep].T, left[:, keep] * sigma[keep]
    alphas = _largest_least_multiplier(maps, basis.T @ pairs.y_mm)
    weakest = float(alphas.min() / alphas.max())
    if weakest <= GENERIC_FRACTION:
        return Asymptotics(references, pairs, max(weakest, 0.0), None, None, float("nan"), space, basis)
    log_b = _log_weights(references)[pairs.mask]
    r = _settled(maps, basis.T @ pairs.y_mm, log_b, alphas)
    masses = np.exp(log_b - maps @ r)
    multipliers = np.zeros(pairs.mask.shape)
    multipliers[pairs.mask] = masses
    curvature = float(np.linalg.eigvalsh(maps.T @ (masses[:, None] * maps))[0])
    inactive = ~pairs.mask & np.isfinite(pairs.surplus)
    rate = min(1.0, curvature, float(pairs.surplus[inactive].min(initial=np.inf)))
    return Asymptotics(references, pairs, weakest, multipliers, space.embed_offset(basis @ r), rate, space, basis)


def _log_weights(references: Limits) -> Floats:
    """log π̂_j o_jv(W°), (m, V); −∞ on the supports."""
    data, rows = references.data, []
    for block in data.blocks():
        split = split_softmax(block.embeddings @ references.W_finite.T, block)
        rows.append(split.log_offsets + np.log(block.context_probs)[:, None])
    return np.vstack(rows)


def _largest_least_multiplier(maps: Floats, target: Floats) -> Floats:
    """Multipliers α with mapsᵀ α = target whose least entry is as large as can be."""
    count, rank = maps.shape
    if count == rank:
        return np.asarray(np.linalg.solve(maps.T, target), dtype=np.float64)
    # Maximise τ subject to mapsᵀ α = target, α_i ≥ τ.
    equations = np.hstack([maps.T, np.zeros((rank, 1))])
    below = np.hstack([-np.eye(count), np.ones((count, 1))])
    objective = np.append(np.zeros(count), -1.0)
    found = scipy.optimize.linprog(
        objective, A_ub=below, b_ub=np.zeros(count), A_eq=equations, b_eq=target, bounds=(None, None)
    )
    if not found.success:
        raise DidNotConvergeError(f"no multipliers of the active pairs were found: {found.message}")
    return np.asarray(found.x[:-1])


def _settled(maps: Floats, target: Floats, log_b: Floats, alphas: Floats) -> Floats:
    """The minimiser of Φ in coordinates of N."""
    start = np.linalg.lstsq(maps, log_b - np.log(alphas), rcond=None)[0].astype(np.float64)
    if maps.shape[0] == maps.shape[1]:
        return np.asarray(start)

    def masses(r: Floats) -> Floats:
        return np.exp(np.minimum(log_b - maps @ r, 700.0))

    found = scipy.optimize.minimize(
        lambda r: float(masses(r).sum() + target @ r),
        start,
        jac=lambda r: target - maps.T @ masses(r),
        hess=lambda r: maps.T @ (masses(r)[:, None] * maps),
        method="trust-exact",
        options={"gtol": 1e-6 * float(np.linalg.norm(target))},
    )
    r = found.x
    for _ in range(3):  # Newton's last steps, which the rounding of Φ hides from the trust region
        slope = target - maps.T @ masses(r)
        r = r - np.linalg.solve(maps.T @ (masses(r)[:, None] * maps), slope)
    if np.linalg.norm(target - maps.T @ masses(r)) > 1e-9 * np.linalg.norm(target):
        raise DidNotConvergeError("the drift along the active pairs was not found to 1e-9")
    return np.asarray(r)
