"""Measuring a case: contenders take turns, each with the loosest setting that is accurate enough."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ntp_lib.companion.benchmarks.attempts import Attempt, attempt
from ntp_lib.companion.benchmarks.cases import Case, Contender, Judge
from ntp_lib.companion.benchmarks.isolation import attempt_in_child
from ntp_lib.companion.benchmarks.records import CaseResult, Conditions, Ending, Measurement, Requirement


def measure_case(case: Case, effort: Conditions) -> CaseResult:
    """Measure every contender of a case.

    In each repeat all contenders get the same problem one after the other, so that a noisy minute of the machine
    hits all of them.
    """
    turns = [_Turn(case, contender, effort) for contender in case.contenders]
    for repeat in range(effort.repeats):
        judge = case.judge()
        for turn in turns:
            if turn.due:
                turn.take(repeat, judge)
    measured = tuple(turn.measurement() for turn in turns)
    return CaseResult(case.id, case.topic, case.title, case.parameters, case.requirements, case.targets, measured)


@dataclass
class _Turn:
    """A contender on its way through the repeats."""

    case: Case
    contender: Contender
    effort: Conditions
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
        begin, latest = time.perf_counter(), self._attempt(repeat, judge)
        self.spent += time.perf_counter() - begin
        if latest.outcome is Ending.REACHED:
            self.attempts.append(latest)
            return
        # Times of a setting that proved too loose do not count.
        self.attempts = [latest]
        if latest.outcome is Ending.INACCURATE and self.position + 1 < len(self.contender.settings):
            self.attempts, self.position = [], self.position + 1
            self.take(repeat, judge)
        else:
            self.ended = True

    def _attempt(self, repeat: int, judge: Judge) -> Attempt:
        contender, setting = self.contender, self.contender.settings[self.position]
        limit = contender.limit or self.effort.peer_limit
        if not contender.isolated:
            return attempt(self.case, contender, setting, repeat, judge, limit)
        request = {"case": self.case.id, "contender": contender.name, "setting": setting, "repeat": repeat}
        return attempt_in_child({**request, "smoke": self.effort.smoke}, judge, limit)

    def measurement(self) -> Measurement:
        """The turn as recorded."""
        name, ours = self.contender.name, self.contender.ours
        if self.contender.missing:
            return Measurement(name, ours, Ending.ABSENT, notes={"reason": self.contender.missing})
        last, setting = self.attempts[-1], self.contender.settings[self.position]
        seconds = tuple(round(found.seconds, 7) for found in self.attempts)
        accuracy = _worst([found.accuracy for found in self.attempts], self.case.requirements)
        return Measurement(name, ours, last.outcome, seconds, setting, accuracy, dict(last.notes))


def _worst(
    accuracies: Sequence[Mapping[str, float | None]], requirements: Sequence[Requirement]
) -> dict[str, float | None]:
    """Of every quantity the value that is furthest from what is required; the largest where nothing is."""
    least = {requirement.quantity for requirement in requirements if requirement.relation == "at least"}
    worst: dict[str, float | None] = {}
    for name in accuracies[-1]:
        values = [found for accuracy in accuracies if (found := accuracy.get(name)) is not None]
        worst[name] = None if len(values) < len(accuracies) else min(values) if name in least else max(values)
    return worst
