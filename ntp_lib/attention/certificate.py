"""When a run proves its own limit: S below which the second stage cannot fail (book, thm-select-certificate).

S(W) = Σ_i b_i e^{−s_i} with b_i = w_n β_{n,x} m_x/m_*. While every r_n = 1 − a_* is at most 1/(8MνC), the pushes
are b_i e^{−s_i}(1 + ε_i) with |ε_i| ≤ C r_n ≤ 1/(8Mν). As r_n ≤ S/min(w_n β_{n,x}), it is enough that S ≤ S_0, and
then S falls.
"""

from __future__ import annotations

from dataclasses import field

import numpy as np
import numpy.typing as npt
import scipy.special

from ntp_lib.attention.heads import LabelHead, ValueHead
from ntp_lib.attention.selection import Selection
from ntp_lib.attention.stage_one import margin_values
from ntp_lib.attention.stage_two import StageTwo
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import real_array
from ntp_lib.numerics.results import result

# By how much pushes with |ε| ≤ 1/8 differ from b_i e^{−s_i}, relative to each other: (1 + 1/8)/(1 − 1/8).
LATE_RATIO = 9 / 7


@result
class Certificate:
    """Outcome of `certificate`.

    Attributes:
        W: the matrix, (d, d).
        S: at W; inf where it leaves the range of float64.
        S_0: the largest S that certifies; 0 where hard retrieval is not a strict minimum (some β_{n,x} ≤ 0).
        step_bound: the largest η with η e^{ηM} ≤ 1/(2M²ν); later steps must not be longer.
        nu: ν = ‖W_kq*‖.
        largest_difference: M.
        num_terms: N, pairs of all sentences.
        ratio: κ = (9/7) max b/min b, with which the theorem on exponential pushes holds from here on.
        along: ⟨W, W̄⟩.
        norm: ‖W‖.
    """

    W: Floats = field(repr=False)
    S: float
    S_0: float
    step_bound: float
    nu: float
    largest_difference: float
    num_terms: int
    ratio: float
    along: float
    norm: float

    @property
    def holds(self) -> bool:
        """Whether S ≤ S_0."""
        return self.S <= self.S_0

    def pressure_line(self, path: npt.ArrayLike) -> Floats:
        """Bound of S after steps of that length in sum: S exp(−Γ/(2ν))."""
        return np.asarray(self.S * np.exp(-np.asarray(path, dtype=np.float64) / (2 * self.nu)))

    def along_line(self, path: npt.ArrayLike) -> Floats:
        """Lower bound of ⟨W, W̄⟩ after steps of that length in sum."""
        return self.along + along_gain(path, nu=self.nu, largest_difference=self.largest_difference)

    def gap_line(self, along: npt.ArrayLike, longest_step: float) -> Floats:
        """Bound of ‖W‖ − ⟨W, W̄⟩ once ⟨W, W̄⟩ has grown to `along`."""
        return gap_line(
            along,
            along_start=self.along,
            gap_start=self.norm - self.along,
            nu=self.nu,
            largest_difference=self.largest_difference,
            log_terms=float(np.log(self.ratio * self.num_terms)),
            longest_step=longest_step,
        )


def certificate(
    selection: Selection,
    W: npt.ArrayLike,
    *,
    scale: float = 5.0,
    values: npt.ArrayLike | None = None,
) -> Certificate:
    """Say whether everything that follows from W is proved: right selection, S → 0 at a rate, W/‖W‖ → W̄.

    Args:
        selection: realisable data.
        W: W_kq, (d, d).
        scale: τ; the values are τ W_ov*.
        values: W_ov, (V, d), in place of these.

    Raises:
        NTPDataError: an argument out of range.
        NotSeparableError: no W_kq is right on all sentences.
    """
    W_ov = margin_values(selection, scale) if values is None else real_array(values, "values", "(V, d)")
    W, d = real_array(W, "W", "(d, d)"), selection.embeddings.shape[1]
    if W.shape != (d, d):
        raise NTPDataError(f"W has shape {W.shape}; ({d}, {d}) is needed")
    return Certifier(StageTwo(selection, W_ov)).certify(W)


class Certifier:
    """The constants of the certificate for one second stage, computed once.

    Attributes:
        S_0: the largest S that certifies.
    """

    def __init__(self, stage: StageTwo) -> None:
        selection = stage.selection
        self._stage, self._direction = stage, selection.direction
        self.nu = float(np.linalg.norm(self._direction))
        self.M = selection.largest_difference
        beta = np.broadcast_to(stage.head.hard_factors(), selection.losers.shape)
        least = np.where(selection.losers, selection.probs[:, None] * beta, np.inf).min()
        self.S_0 = max(float(least), 0.0) * _largest_rest(stage, self.M * self.nu)
        self._b = stage.limits[selection.losers]

    def reached(self, margins: Floats) -> bool:
        """Whether S ≤ S_0, for margins (n, L − 1)."""
        return self.S_0 > 0 and self._stage.pressure(margins) <= self.S_0

    def certify(self, W: Floats) -> Certificate:
        """The certificate at W, (d, d), whether it holds or not."""
        M, nu = self.M, self.nu
        return Certificate(
            W=W.copy(),
            S=self._stage.pressure(self._stage.margins(W)) if self.S_0 > 0 else float("inf"),
            S_0=self.S_0,
            step_bound=float(scipy.special.lambertw(1 / (2 * M * nu)).real) / M,
            nu=nu,
            largest_difference=M,
            num_terms=len(self._b),
            ratio=float(LATE_RATIO * self._b.max() / self._b.min()) if self.S_0 > 0 else float("inf"),
            along=float(np.vdot(W, self._direction)) / nu,
            norm=float(np.linalg.norm(W)),
        )


def along_gain(path: npt.ArrayLike, *, nu: float, largest_difference: float) -> Floats:
    """Γ/(Mν), by how much ⟨W, W̄⟩ grows at least along normalised steps with positive pushes."""
    return np.asarray(np.asarray(path, dtype=np.float64) / (largest_difference * nu))


def gap_line(
    along: npt.ArrayLike,
    *,
    along_start: float,
    gap_start: float,
    nu: float,
    largest_difference: float,
    log_terms: float,
    longest_step: float,
) -> Floats:
    """Bound of ‖W‖ − ⟨W, W̄⟩ for exponential pushes (book, thm-select-exponential).

    Args:
        along: x_k = ⟨W_k, W̄⟩, at least `along_start`.
        along_start: x at the start, at least `longest_step`.
        gap_start: ‖W‖ − x at the start.
        nu: ν.
        largest_difference: M.
        log_terms: log(κN).
        longest_step: η̄.

    Raises:
        NTPDataError: a start before the first step's length.
    """
    if not along_start >= longest_step > 0:
        raise NTPDataError(f"along_start is {along_start:g}; the longest step, {longest_step:g}, is the least")
    slope = (1 + longest_step / along_start) * nu * (log_terms + largest_difference * longest_step / 2)
    return np.asarray(gap_start + slope * np.log(np.asarray(along, dtype=np.float64) / along_start))


def _largest_rest(stage: StageTwo, product: float) -> float:
    """The largest r for which |ε| ≤ C r ≤ 1/(8Mν), given Mν; 0 for a head without pushes of first order."""
    head = stage.head
    if isinstance(head, LabelHead):
        return 1 / (8 * product)
    if not isinstance(head, ValueHead):
        return 0.0
    if head.calibrated_scale is not None:
        return 1 / (28 * max(head.calibrated_scale, 1.0) * product)
    return min(1 / (8 * product * head.curvature()), 1 / (2 * head.largest_lead), 1 / 28)
