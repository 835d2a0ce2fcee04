"""What a run of `train` needs of its data, by their kind: a start, references, steps and measurements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.limiting.limits import Limits
from ntp_lib.numerics.aliases import Floats
from ntp_lib.trajectories.flow import FLOW_LENGTHS
from ntp_lib.trajectories.initialisation import start_of
from ntp_lib.trajectories.magnitudes import LENGTHS, limits_in_range
from ntp_lib.trajectories.real_steps import Walk, walk_of
from ntp_lib.trajectories.trace import Measure, Trace


class Recorder(Protocol):
    """What keeps the measurements of a run."""

    def record(self, step: int, W: Floats) -> None:
        """Note W at a step."""

    def frame(self) -> Any:
        """One row per recorded step."""


class Setting(Protocol):
    """A problem as a run sees it. The methods are called once each, in this order.

    Attributes:
        follows_flow: whether many real steps can be left to a flow.
        multiplications: of one gradient; small problems run on one thread.
    """

    @property
    def follows_flow(self) -> bool: ...

    @property
    def multiplications(self) -> int: ...

    def start(self, W0: npt.ArrayLike | None, seed: int) -> Floats:
        """Where the run begins."""

    def references(self, given: Any, *, long: bool) -> Any:
        """What it is measured against; `long` where it ends in a flow."""

    def walk(self, method: str, constants: dict[str, Any], **options: Any) -> Walk:
        """What takes its steps; options are those of `walk_of`."""

    def recorder(self, references: Any, measure: Measure | None) -> Recorder:
        """What measures it."""


@dataclass(frozen=True, eq=False)
class NextTokens:
    """Next-token data: decoders (V, d)."""

    data: NTPData
    follows_flow: bool = True

    @property
    def multiplications(self) -> int:
        """m·V·d."""
        return self.data.num_contexts * self.data.vocab_size * self.data.dim

    def start(self, W0: npt.ArrayLike | None, seed: int) -> Floats:
        """W0, or LeCun initialisation."""
        self.data.require_an_embedding()
        return start_of(self.data, W0, seed=seed)

    def references(self, given: Limits | None, *, long: bool) -> Limits:
        """F, W* (or W°) and W^mm."""
        return limits_in_range(self.data, given, lengths=FLOW_LENGTHS if long else LENGTHS)

    def walk(self, method: str, constants: dict[str, Any], **options: Any) -> Walk:
        """The fastest way to take the steps."""
        return walk_of(self.data, method, constants, **options)

    def recorder(self, references: Limits, measure: Measure | None) -> Recorder:
        """A trace of `measure_all`."""
        return Trace(references, measure)


def setting_of(data: Any) -> Setting:
    """The setting of the data given.

    Raises:
        NTPDataError: neither `NTPData` nor `ChoiceData`.
    """
    from ntp_lib.choice.data import ChoiceData
    from ntp_lib.trajectories.choice_setting import Choices

    if isinstance(data, NTPData):
        return NextTokens(data)
    if isinstance(data, ChoiceData):
        return Choices(data)
    raise NTPDataError(f"data is of type {type(data).__name__}; NTPData or ChoiceData is needed")
