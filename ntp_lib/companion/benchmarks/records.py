"""What a benchmark leaves behind: who ran what, how long it took, and how accurate the answer was."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ntp_lib.companion.benchmarks.timing import Spread, spread

# A change of what the fields mean gets a new number, so that an old file is refused instead of misread.
SCHEMA = 1

Value = float | str


class Ending(enum.StrEnum):
    """How a contender fared with a case; all but the first two leave it without a time of its own."""

    REACHED = "reached"
    TIME_LIMIT = "time limit"
    INACCURATE = "inaccurate"
    FAILED = "failed"
    ABSENT = "absent"


@dataclass(frozen=True)
class Requirement:
    """A bound on one quantity of an answer that every contender has to meet.

    Attributes:
        quantity: its name among the accuracies.
        relation: "at most" or "at least".
        bound: the bound.
    """

    quantity: str
    relation: str
    bound: float

    def met(self, accuracy: Mapping[str, float | None]) -> bool:
        """Whether the quantity was measured and meets the bound."""
        value = accuracy.get(self.quantity)
        if value is None:
            return False
        return value >= self.bound if self.relation == "at least" else value <= self.bound


@dataclass(frozen=True)
class Target:
    """What was hoped for, fixed before measuring.

    Attributes:
        kind: "ratio" (best peer's time over ours, at least), "seconds" (ours, at most) or "share" (of our time
            that the contender named, a smaller piece of the same work, does not take; at most).
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
        scale: what the times have to be multiplied by, 1 unless a stretch stands for the whole.
        setting: the loosest setting whose answers met the requirements, or the last one tried.
        accuracy: the worst value of every quantity over the repeats, recomputed from the data.
        notes: what else is worth knowing.
    """

    contender: str
    ours: bool
    outcome: Ending
    seconds: tuple[float, ...] = ()
    scale: float = 1.0
    setting: str = ""
    accuracy: Mapping[str, float | None] | None = None
    notes: Mapping[str, Value] | None = None

    @property
    def time(self) -> Spread:
        """Least, median and largest wall time, in seconds."""
        return spread([seconds * self.scale for seconds in self.seconds])


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

    def find(self, contender: str) -> Measurement | None:
        """A contender's measurement, None where it did not take part."""
        return next((found for found in self.measurements if found.contender == contender), None)


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
        budget: seconds of attempts per contender after which it is not repeated.
    """

    mode: str
    machine: Mapping[str, Value]
    versions: Mapping[str, str]
    code: str
    repeats: int
    peer_limit: float
    budget: float


@dataclass(frozen=True)
class BenchmarkReport:
    """One run of the benchmarks.

    Attributes:
        conditions: where and how.
        command: what was typed.
        started: ISO time, UTC.
        finished: ISO time, UTC, of the last case.
        cases: by id, in the order measured.
    """

    conditions: Conditions
    command: str
    started: str
    finished: str
    cases: Mapping[str, CaseResult]

    def with_case(self, case: CaseResult, finished: str) -> BenchmarkReport:
        """The report with one more case."""
        return replace(self, finished=finished, cases={**self.cases, case.id: case})

    def of_topic(self, topic: str) -> list[CaseResult]:
        """The cases of one topic."""
        return [case for case in self.cases.values() if case.topic == topic]
