"""Steps on choice data: any method, from the exact gradient, with the flow's clock beside the steps."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ntp_lib.choice.data import ChoiceData
from ntp_lib.choice.measurements import measure_choices
from ntp_lib.choice.references import ChoiceReferences, choice_references
from ntp_lib.choice.slope import ChoiceSlope
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.trajectories.initialisation import LARGEST
from ntp_lib.trajectories.magnitudes import LENGTHS
from ntp_lib.trajectories.optimisers import SAFE_LENGTH, make_step, step_sizes
from ntp_lib.trajectories.real_steps import Walk
from ntp_lib.trajectories.trace import Measure, Trace


class Choices:
    """Choice data as `train` sees them: W of shape (d, d')."""

    follows_flow = False

    def __init__(self, data: ChoiceData) -> None:
        self._data = data
        self._walk: ClockedWalk | None = None

    @property
    def multiplications(self) -> int:
        """n·d·d'."""
        return int(len(self._data.rows) * np.prod(self._data.shape))

    def start(self, W0: npt.ArrayLike | None, seed: int) -> Floats:
        """W0 as a new array, or independent N(0, 1/d') entries.

        Raises:
            NTPDataError: every context has one candidate, or none moves the logits; features beyond the range in
                which squares can be formed; W0 is no W of these data, or far too large.
        """
        return choice_start(self._data, W0, seed=seed)

    def references(self, given: ChoiceReferences | None, *, long: bool) -> ChoiceReferences:
        """S', F, W_fin and W_mm, given or computed."""
        return references_of(self._data, given)

    def walk(self, method: str, constants: dict[str, Any], **options: Any) -> Walk:
        """Steps of a method from the exact gradient.

        Raises:
            NTPDataError: batches are asked for.
        """
        if options["batch_size"] is not None or options["sample_tokens"]:
            raise NTPDataError(
                "batch_size and sample_tokens draw from next-token data; choice data are trained with the exact "
                "gradient: leave both out"
            )
        self._walk = ClockedWalk(ChoiceSlope(self._data), method, constants)
        return self._walk

    def recorder(self, references: ChoiceReferences, measure: Measure | None) -> ClockedTrace:
        """A trace of `measure_choices`, and of the clock."""
        assert self._walk is not None
        return ClockedTrace(references, measure, self._walk)


class ClockedWalk:
    """Steps of a method, and how long the flow would take: t_k = Σ η_i for "gd", Σ η_i/‖∇CE(W_i)‖ for "ngd".

    Attributes:
        clock: t after the steps so far; NaN for methods whose steps do not follow the gradient.
    """

    def __init__(self, slope: ChoiceSlope, method: str, constants: dict[str, Any]) -> None:
        self._slope, self._length = slope, 0.0
        self._advance = make_step(method, self._measured, **constants)
        self._normalised = method == "ngd"
        known = method in ("gd", "ngd")
        self._sizes = step_sizes(constants["step_size"], constants["step_decay"]) if known else repeat(np.nan)
        self.clock = 0.0 if known else np.nan

    def __call__(self, W: Floats, count: int) -> Floats:
        """W after so many further steps."""
        for _ in range(count):
            W, size = self._advance(W), next(self._sizes)
            self.clock += size / max(self._length, SAFE_LENGTH) if self._normalised else size
        return W

    def _measured(self, W: Floats) -> Floats:
        slope = self._slope(W)
        if self._normalised:
            self._length = float(np.linalg.norm(slope))
        return slope


class ClockedTrace:
    """The measurements of a run on choice data, with a column `clock` after `step`."""

    def __init__(self, references: ChoiceReferences, further: Measure | None, walk: ClockedWalk) -> None:
        rows = len(references.choice.rows)
        entries = max(int(np.prod(references.choice.shape)), rows)
        self._trace = Trace(references, further, basic=measure_choices, entries=entries)
        self._walk, self._clocks = walk, list[float]()

    def record(self, step: int, W: Floats) -> None:
        """Note W at a step."""
        self._trace.record(step, W)
        self._clocks.append(self._walk.clock)

    def frame(self) -> pd.DataFrame:
        """One row per recorded step."""
        frame = self._trace.frame()
        frame.insert(1, "clock", self._clocks)
        return frame


def choice_start(data: ChoiceData, W0: npt.ArrayLike | None, *, seed: int) -> Floats:
    """W0 as a new array, or independent N(0, 1/d') entries; see `Choices.start`."""
    sizes = [float(np.abs(part).max()) for part in (data.keys, data.queries)]
    if not all(sizes):
        raise NTPDataError("all keys or all queries are zero, so that the loss does not depend on W")
    longest = [
        size * float(np.linalg.norm(part / size, axis=1).max())
        for size, part in zip(sizes, (data.keys, data.queries), strict=True)
    ]
    if not LENGTHS[0] <= longest[0] * longest[1] <= LENGTHS[1]:
        raise NTPDataError(
            f"the longest key has length {longest[0]:.3g} and the longest query {longest[1]:.3g}; their product "
            f"must lie between {LENGTHS[0]:g} and {LENGTHS[1]:g}: multiply one of them by a number"
        )
    if W0 is None:
        return np.random.default_rng(seed).standard_normal(data.shape) / np.sqrt(data.shape[1])
    W = data.check_weights(W0, "W0").copy()
    largest = float(np.abs(W).max()) * max(1.0, longest[0] * longest[1])
    if largest > LARGEST:
        raise NTPDataError(
            f"W0 has entries, or with these keys and queries logits, of size {largest:.3g}; at most {LARGEST:g} "
            "is possible"
        )
    return W


def references_of(data: ChoiceData, given: ChoiceReferences | None) -> ChoiceReferences:
    """The references given, if they are of these data, or those computed.

    Raises:
        NTPDataError: they are of other data.
    """
    if given is None:
        return choice_references(data)
    other = given.choice
    if other is not data:
        pairs = {
            "keys": (other.keys, data.keys),
            "queries": (other.queries, data.queries),
            "candidates": (other.candidates.toarray(), data.candidates.toarray()),
            "label_probs": (other.label_probs.toarray(), data.label_probs.toarray()),
            "context_probs": (other.context_probs, data.context_probs),
        }
        for name, (theirs, ours) in pairs.items():
            if not np.array_equal(theirs, ours):
                raise NTPDataError(f"references: computed for other data, whose {name} differ; compute them anew")
    return given
