"""Gradient flow on choice data, integrated in the logarithm of time (book, thm-choice-transfer)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ntp_lib.choice.data import ChoiceData
from ntp_lib.choice.measurements import measure_choices
from ntp_lib.choice.references import ChoiceReferences
from ntp_lib.choice.slope import ChoiceSlope, features
from ntp_lib.data.threads import one_blas_thread
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.linearisation import DenseLinearisation
from ntp_lib.numerics.numbers import real_number, real_numbers, whole_number
from ntp_lib.numerics.results import result
from ntp_lib.trajectories.choice_setting import choice_start, references_of
from ntp_lib.trajectories.stepping import FlowBDF, walk

# Beyond, e^s times the rounding of the probabilities on S' may be too much for Newton's method; without a margin
# that happens earlier, and nothing is left to be seen.
FARTHEST_LOG_TIME, LAST_LOG_TIME_WITHOUT_MARGIN = 100.0, 25.0
# Entries of all features, which are formed.
MOST_ENTRIES = 2**24
# L t up to which the flow is its first step: the next term is half its square, relatively.
FIRST_STEP = 1e-8
# Absolute tolerance of a logit, as a share of the relative one.
ABSOLUTE_SHARE = 1e-3
# Singular values below this fraction of the largest are rounding.
RANK_TOLERANCE = 1e-10


@result
class ChoiceFlow:
    """Outcome of `choice_flow`.

    Attributes:
        W: the flow at the times asked for, (times, d, d').
        frame: one row per time: log_time and the columns of `measure_choices`.
        references: what it was measured against.
    """

    W: Floats = field(repr=False)
    frame: pd.DataFrame = field(repr=False)
    references: ChoiceReferences = field(repr=False)


def choice_flow(
    data: ChoiceData,
    *,
    log_times: Sequence[float] | npt.ArrayLike,
    W0: npt.ArrayLike | None = None,
    seed: int = 0,
    references: ChoiceReferences | None = None,
    tolerance: float = 1e-9,
) -> ChoiceFlow:
    """Integrate dW/dt = −∇CE(W), W(0) = W0, by an implicit method in s = log t, and record it at times t = e^s.

    The state holds what moves: coordinates of W in the span of all differences within contexts, those of F apart
    from the others, so that the rounding of the probabilities on S'_j moves nothing off F.

    Args:
        data: the problem.
        log_times: natural logarithms s of the times, strictly increasing, at most 100, or 25 where there is no
            W_mm. For data whose contexts have two candidates, each once, `ntp_lib.gradient_flow` of
            `pairs(context_probs)` goes on to 10^9; its clock is half of this one.
        W0: start, (d, d'); independent N(0, 1/d') entries with `seed` when None.
        seed: of the start.
        references: what `choice_references` found, if already computed.
        tolerance: relative local error of the integrator; the absolute one of a logit is a thousandth of it.

    Raises:
        NTPDataError: log_times empty, not increasing or too large; too many features; what `train` refuses.
        DidNotConvergeError: the integrator gave up; beyond log t of 50 rounding can make it do so.

    Example:
        >>> data = ChoiceData.from_sentences(["abq", "bcq"], ["a", "b"])
        >>> flow = choice_flow(data, log_times=[0.0, 10.0, 100.0])
        >>> bool(flow.frame["cosine"].iloc[-1] > 0.999)
        True
    """
    times = _valid_times(log_times)
    tolerance = real_number(tolerance, "tolerance", least=1e-12, most=1e-2)
    start = choice_start(data, W0, seed=whole_number(seed, "seed"))
    entries = len(data.rows) * int(np.prod(data.shape))
    if entries > MOST_ENTRIES:
        raise NTPDataError(f"the features have {entries} entries; the flow is computed for at most {MOST_ENTRIES}")
    with one_blas_thread():
        references = references_of(data, references)
        _refuse_late(times, references)
        states = _integrated(_Motion(references, start), times, tolerance)
        frame = pd.DataFrame({"log_time": times, **measure_choices(states, references)})
    return ChoiceFlow(states, frame, references)


class _Motion:
    """The flow in coordinates: y = Bᵀ(W − W0), dy/ds = −e^s Zᵀ r, and Z = X B less its anchors' rows."""

    def __init__(self, references: ChoiceReferences, start: Floats) -> None:
        data, kept = references.choice, references.kept
        self._slope, self._weights = ChoiceSlope(data), data.context_probs[data.rows]
        self._rows, self._starts, self._start = data.rows, data.candidates.indptr[:-1], start
        self._first = self._slope.logits(start)
        # The anchor of a context is the first candidate that it keeps.
        order = np.lexsort((np.arange(len(kept)), ~kept, data.rows))
        X = features(data)
        X -= X[order[self._starts]][data.rows]
        outside = X - (X @ references.F.basis) @ references.F.basis.T
        outside[kept] = 0.0
        _, sizes, directions = np.linalg.svd(outside, full_matrices=False)
        free = directions[sizes > RANK_TOLERANCE * np.linalg.norm(X)].T
        self._basis, self.finite_size = np.column_stack([references.F.basis, free]), references.F.dim
        self.Z = np.column_stack([X @ references.F.basis, outside @ free])

    def derivative(self, s: float, y: Floats) -> Floats:
        """dy/ds."""
        return np.asarray(-np.exp(s) * (self._slope.residuals(self._first + self.Z @ y) @ self.Z))

    def jacobian(self, s: float, y: Floats) -> Floats:
        """Its derivative by y: −e^s times the weighted covariances of the features."""
        logits = self._first + self.Z @ y
        masses = np.exp(logits - np.maximum.reduceat(logits, self._starts)[self._rows])
        q = masses / np.add.reduceat(masses, self._starts)[self._rows]
        means = np.add.reduceat(q[:, None] * self.Z, self._starts, axis=0)
        centred = self.Z - means[self._rows]
        return np.asarray(-np.exp(s) * ((centred * (self._weights * q)[:, None]).T @ centred))

    def matrices(self, states: Floats) -> Floats:
        """W at states (k, r), as (k, d, d')."""
        return self._start + (states @ self._basis.T).reshape(len(states), *self._start.shape)


def _integrated(motion: _Motion, times: Floats, tolerance: float) -> Floats:
    still = np.zeros(motion.Z.shape[1])
    bound = np.linalg.norm(motion.Z, axis=1).max(initial=0.0) ** 2
    begin = float(np.log(FIRST_STEP / bound)) if bound > 0 else float(times[-1])
    slope = motion.derivative(0.0, still)
    early = times <= begin
    states = [np.exp(s) * slope for s in times[early]]
    if not early.all():
        solver = FlowBDF(
            motion.derivative,
            begin,
            np.exp(begin) * slope,
            float(times[-1]),
            linearise=lambda s, y: DenseLinearisation(motion.jacobian(s, y)),
            rtol=tolerance,
            atol=tolerance * ABSOLUTE_SHARE / np.sqrt(bound),
            jointly=motion.finite_size,
        )
        walk(solver, times[~early].tolist(), lambda s, y: states.append(y))
    return motion.matrices(np.array(states))


def _valid_times(log_times: Any) -> Floats:
    times = real_numbers(log_times, "log_times")
    if np.any(np.diff(times) <= 0):
        bad = int(np.argmax(np.diff(times) <= 0)) + 1
        raise NTPDataError(f"log_times must strictly increase; entry {bad}, {times[bad]:g}, does not")
    return times


def _refuse_late(times: Floats, references: ChoiceReferences) -> None:
    farthest = LAST_LOG_TIME_WITHOUT_MARGIN if references.W_mm is None else FARTHEST_LOG_TIME
    for i in np.flatnonzero(times > farthest):
        raise NTPDataError(f"log_times[{i}] is {times[i]:g}; at most {farthest:g} is possible for these data")
