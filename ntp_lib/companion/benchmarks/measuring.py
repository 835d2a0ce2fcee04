"""Measuring a case: contenders take turns, each with the loosest setting that is accurate enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ntp_lib.companion.benchmarks.attempts import Attempt, attempt
from ntp_lib.companion.benchmarks.cases import Case, Contender, Judge
from ntp_lib.companion.benchmarks.isolation import attempt_in_child
from ntp_lib.companion.benchmarks.records import CaseResult, Ending, Measurement, Requirement


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        repeats: attempts per contender.
        peer_limit: seconds an attempt may take.
        budget: seconds of attempts after which a contender is not repeated; its first one is never refused.
        smoke: whether cases are the tiny ones.
    """

    repeats: int
    peer_limit: float
    budget: float
    smoke: bool


def measure_case(case: Case, effort: Effort) -> CaseResult:
    """Measure every contender of a case.

    In each repeat all contenders get the same problem one after the other, so that a noisy minute of the machine
    hits all of them.
    """
    turns = [_Turn(case, contender, effort) for contender in case.contenders]
    for repeat in range(effort.repeats):
        waiting = [turn for turn in turns if turn.due]
        if not waiting:
            break
        judge = case.judge(repeat)
        for turn in waiting:
            turn.take(repeat, judge)
    return CaseResult(
        id=case.id,
        topic=case.topic,
        title=case.title,
        parameters=case.parameters,
        requirements=case.requirements,
        targets=case.targets,
        measurements=tuple(turn.measurement() for turn in turns),
    )


@dataclass
class _Turn:
    """A contender on its way through the repeats."""

    case: Case
    contender: Contender
    effort: Effort
    position: int = 0
    spent: float = 0.0
    ended: bool = False
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def due(self) -> bool:
        """Whether it takes part in the next repeat."""
        return not (self.contender.missing or self.ended or self.spent > self.effort.budget)

    def take(self, repeat: int, judge: Judge) -> None:
        """Attempt with the present setting, and with stricter ones while the answer is not accurate enough."""
        while True:
            latest = self._attempt(repeat, judge)
            self.spent += latest.seconds
            if latest.outcome is Ending.REACHED:
                self.attempts.append(latest)
                return
            # Times of a setting that proved too loose do not count.
            self.attempts = [latest]
            if latest.outcome is not Ending.INACCURATE or self.position + 1 == len(self.contender.settings):
                self.ended = True
                return
            self.attempts = []
            self.position += 1

    def _attempt(self, repeat: int, judge: Judge) -> Attempt:
        contender, setting = self.contender, self.contender.settings[self.position]
        if not contender.isolated:
            return attempt(self.case, contender, setting, repeat, judge, self.effort.peer_limit)
        request = {
            "case": self.case.id,
            "contender": contender.name,
            "setting": setting,
            "repeat": repeat,
            "smoke": self.effort.smoke,
        }
        return attempt_in_child(request, judge, self.effort.peer_limit)

    def measurement(self) -> Measurement:
        """The turn as recorded."""
        name, ours = self.contender.name, self.contender.ours
        if self.contender.missing:
            return Measurement(name, ours, Ending.ABSENT, notes={"reason": self.contender.missing})
        last = self.attempts[-1]
        return Measurement(
            contender=name,
            ours=ours,
            outcome=last.outcome,
            seconds=tuple(round(found.seconds, 7) for found in self.attempts),
            scale=last.scale,
            setting=self.contender.settings[self.position],
            accuracy=_worst([found.accuracy for found in self.attempts], self.case.requirements),
            notes=dict(last.notes),
        )


def _worst(
    accuracies: Sequence[Mapping[str, float | None]], requirements: Sequence[Requirement]
) -> dict[str, float | None]:
    """Of every quantity the value that is furthest from what is required; the largest where nothing is."""
    least = {requirement.quantity for requirement in requirements if requirement.relation == "at least"}
    worst: dict[str, float | None] = {}
    for name in accuracies[-1]:
        values = [found for accuracy in accuracies if (found := accuracy.get(name)) is not None]
        choose: Callable[[list[float]], float] = min if name in least else max
        worst[name] = choose(values) if len(values) == len(accuracies) else None
    return worst
