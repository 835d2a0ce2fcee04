"""A case to be measured: a problem, contenders that solve it, and a judge who trusts none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ntp_lib.companion.benchmarks.records import Requirement, Target, Value


@dataclass(frozen=True)
class Answer:
    """What a contender hands in.

    Attributes:
        value: what the judge looks at.
        stopped: whether its time limit ended the work.
        scale: what its time has to be multiplied by where it did a stretch of the work only.
        notes: what it says about itself.
    """

    value: Any
    stopped: bool = False
    scale: float = 1.0
    notes: Mapping[str, Value] = field(default_factory=dict)


class Solve(Protocol):
    """Solves a problem with one of its settings, within a number of seconds if it can be told to."""

    def __call__(self, problem: Any, setting: str, limit: float) -> Answer: ...


class Judge(Protocol):
    """Recomputes the accuracy of an answer from the problem.

    `known` collects what earlier answers to the same problem have proved; it is made of numbers only, so that
    it can be handed to another process.
    """

    known: dict[str, float]

    def __call__(self, problem: Any, value: Any) -> dict[str, float]: ...


@dataclass(frozen=True)
class Contender:
    """One way to solve a case.

    Attributes:
        name: shown in tables.
        solve: does it.
        settings: tried in this order until an answer meets the requirements; that one is timed.
        ours: whether it is this library.
        isolated: runs in a process of its own that is killed at the limit.
        missing: why it cannot take part, empty where it can.
    """

    name: str
    solve: Solve
    settings: tuple[str, ...] = ("default",)
    ours: bool = False
    isolated: bool = False
    missing: str = ""


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        id: topic/what, once.
        title: shown in tables.
        parameters: sizes; in a growth series also `series` and `size`.
        problem: makes the problem of a repeat, afresh, so that nothing cached by one attempt helps the next.
        judge: makes the judge of a repeat.
        contenders: ours first, for what it proves helps to judge the others.
        requirements: what an answer has to meet.
        targets: what was hoped for.
    """

    id: str
    title: str
    parameters: Mapping[str, Value]
    problem: Callable[[int], Any]
    judge: Callable[[int], Judge]
    contenders: tuple[Contender, ...]
    requirements: tuple[Requirement, ...] = ()
    targets: tuple[Target, ...] = ()

    @property
    def topic(self) -> str:
        """The part of the id before the stroke."""
        return self.id.partition("/")[0]


@dataclass(frozen=True)
class Topic:
    """Cases that belong together.

    Attributes:
        name: as `--only` takes it.
        cases: all of them; with `smoke`, tiny ones that go through the same code.
    """

    name: str
    cases: Callable[[bool], list[Case]]
