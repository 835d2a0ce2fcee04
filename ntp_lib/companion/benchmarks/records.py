"""What a benchmark leaves behind: who ran what, how long it took, and how accurate the answer was."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ntp_lib.companion.benchmarks.timing import Spread, growth_exponent, spread

# A change of what the fields mean gets a new number, so that an old file is refused instead of misread.
SCHEMA = 2

Value = float | str
KINDS = ("ratio", "seconds", "products", "MiB", "exponent")
# What every entry of ours is called, variants with a comma and a word.
OURS = "ntp_lib"


class Ending(enum.StrEnum):
    """How a contender fared with a case; all but the first two leave it without a time of its own."""

    REACHED = "reached"
    TIME_LIMIT = "time limit"
    INACCURATE = "inaccurate"
    FAILED = "failed"
    ABSENT = "absent"


@dataclass(frozen=True)
class Requirement:
    """A bound, "at most" or "at least", on one quantity of an answer, which every contender has to meet."""

    quantity: str
    relation: str
    bound: float

    def met(self, accuracy: Mapping[str, float | None]) -> bool:
        """Whether the quantity was measured and meets the bound."""
        value = accuracy.get(self.quantity)
        return value is not None and (value >= self.bound if self.relation == "at least" else value <= self.bound)


@dataclass(frozen=True)
class Target:
    """What was hoped for, fixed before measuring.

    Attributes:
        kind: "ratio" (best peer's time over ours, at least); of ours, at most: "seconds", "products" (seconds in
            units of one dense logits product of the same run), "MiB" (peak memory beyond start-up, with the data)
            or "exponent" (of time against the size of the case's series).
        bound: the number.
        against: names of the contenders it speaks of; all where empty.
    """

    kind: str
    bound: float
    against: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measurement:
    """One contender in one case.

    Attributes:
        contender: its name.
        ours: whether it is this library.
        outcome: how it ended.
        seconds: wall time of every repeat; for TIME_LIMIT and INACCURATE that of the last attempt.
        setting: the loosest setting whose answers met the requirements, or the last one tried.
        accuracy: the worst value of every quantity over the repeats, recomputed from the data.
        notes: what else is worth knowing.
    """

    contender: str
    ours: bool
    outcome: Ending
    seconds: tuple[float, ...] = ()
    setting: str = ""
    accuracy: Mapping[str, float | None] | None = None
    notes: Mapping[str, Value] | None = None

    @property
    def time(self) -> Spread:
        """Least, median and largest wall time, in seconds."""
        return spread(self.seconds)


@dataclass(frozen=True)
class CaseResult:
    """One case: its parameters, what was required, what was hoped for, and what was measured."""

    id: str
    topic: str
    title: str
    parameters: Mapping[str, Value]
    requirements: tuple[Requirement, ...]
    targets: tuple[Target, ...]
    measurements: tuple[Measurement, ...]

    @property
    def ours(self) -> Measurement:
        """Our own measurement."""
        return next(measurement for measurement in self.measurements if measurement.ours)

    @property
    def peers(self) -> list[Measurement]:
        """Those of all who are not this library, nor a variant of it."""
        return [found for found in self.measurements if not (found.ours or found.contender.startswith(OURS))]


@dataclass(frozen=True)
class Conditions:
    """Everything two measurements must share to stand side by side.

    Attributes:
        mode: "full" or "smoke".
        machine: processor, cores, memory, BLAS; no name and no path.
        versions: of Python and of the packages that were timed.
        code: SHA-256 over the sources of the library.
        repeats: attempts per contender, fewer where the budget is spent.
        peer_limit: seconds that a peer's attempt may take.
        budget: seconds per contender after which it is not repeated; its first attempt is never refused.
    """

    mode: str
    machine: Mapping[str, Value]
    versions: Mapping[str, str]
    code: str
    repeats: int
    peer_limit: float
    budget: float

    @property
    def smoke(self) -> bool:
        """Whether the cases are the tiny ones."""
        return self.mode == "smoke"


@dataclass(frozen=True)
class BenchmarkReport:
    """One run of the benchmarks.

    Attributes:
        conditions: where and how.
        command: what was typed.
        started: ISO time, UTC.
        finished: ISO time, UTC, of the last case.
        cases: in the order measured.
    """

    conditions: Conditions
    command: str
    started: str
    finished: str
    cases: tuple[CaseResult, ...]

    def with_case(self, case: CaseResult, finished: str) -> BenchmarkReport:
        """The report with one more case."""
        return replace(self, finished=finished, cases=(*self.cases, case))

    def along(self, series: str, contender: str) -> list[tuple[float, Measurement]]:
        """Sizes and measurements of a contender along a series, where it was accurate enough, by size."""
        found = [
            (float(case.parameters["size"]), measured)
            for case in self.cases
            for measured in case.measurements
            if (case.parameters.get("series"), measured.contender) == (series, contender)
            and measured.outcome is Ending.REACHED
        ]
        return sorted(found, key=lambda point: point[0])

    def exponent(self, series: str, contender: str) -> Spread | None:
        """How the contender's time grows along a series."""
        return growth_exponent([(size, found.seconds) for size, found in self.along(series, contender)])

    def of_topic(self, topic: str) -> list[CaseResult]:
        """The cases of one topic."""
        return [case for case in self.cases if case.topic == topic]
