"""A case to be measured: a problem, contenders that solve it, and a judge who trusts none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ntp_lib.companion.benchmarks.records import Requirement, Target, Value


@dataclass(frozen=True)
class Answer:
    """What a contender hands in.

    Attributes:
        value: what the judge looks at.
        stopped: whether its time limit ended the work.
        notes: what it says about itself.
    """

    value: Any
    stopped: bool = False
    notes: Mapping[str, Value] = field(default_factory=dict)


# Solves a problem with one of its settings, within a number of seconds if it can be told to.
Solve = Callable[[Any, str, float], Answer]


class Judge:
    """Recomputes the accuracy of an answer from the problem; this one takes numbers as they are.

    `known` collects what earlier answers to the same problem have proved; it is made of numbers only, so that
    it can be handed to another process.
    """

    def __init__(self) -> None:
        self.known: dict[str, float] = {}

    def __call__(self, problem: Any, value: Any) -> dict[str, float]:
        """Accuracies by name."""
        return dict(value)


@dataclass(frozen=True)
class Contender:
    """One way to solve a case.

    Attributes:
        name: shown in tables.
        solve: does it.
        settings: tried in this order until an answer meets the requirements; that one is timed.
        ours: whether it is this library.
        isolated: runs in a process of its own that is killed at the limit; its memory is measured there.
        limit: seconds that an attempt may take; None for what all peers get.
        compiles: solves the first problem once before the clock starts, so that compiling is not timed.
        missing: why it cannot take part, empty where it can.
    """

    name: str
    solve: Solve
    settings: tuple[str, ...] = ("default",)
    ours: bool = False
    isolated: bool = False
    limit: float | None = None
    compiles: bool = False
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
        products: whether the time of one dense logits product is measured too, as a unit of work.
        contenders: ours first, for what it proves helps to judge the others.
        requirements: what an answer has to meet.
        targets: what was hoped for.
    """

    id: str
    title: str
    parameters: Mapping[str, Value]
    problem: Callable[[int], Any]
    judge: Callable[[], Judge]
    contenders: tuple[Contender, ...]
    requirements: tuple[Requirement, ...] = ()
    targets: tuple[Target, ...] = ()
    products: bool = False

    @property
    def topic(self) -> str:
        """The part of the id before the stroke."""
        return self.id.partition("/")[0]
