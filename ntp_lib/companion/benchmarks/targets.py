"""What was hoped for against what was measured; a target that was missed stays in the table as missed."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from ntp_lib.companion.benchmarks.records import BenchmarkReport, CaseResult, Ending, Measurement, Target
from ntp_lib.companion.benchmarks.timing import Spread, ratio


class TargetState(enum.StrEnum):
    """How a target fared; its median decides."""

    MET = "met"
    MISSED = "missed"
    UNDECIDED = "undecided"
    UNMEASURED = "not measured"


@dataclass(frozen=True)
class TargetResult:
    """One target and what became of it.

    Attributes:
        case: the case.
        target: what was hoped for.
        peer: the peer that decides a ratio or a share.
        measured: the quantity, None where there is none.
        at_least: the peer was stopped by its limit, so that the true ratio is larger.
        verdict: the verdict.
        reason: why nothing was measured.
    """

    case: CaseResult
    target: Target
    peer: str
    measured: Spread | None
    at_least: bool
    verdict: TargetState
    reason: str = ""

    @property
    def quantity(self) -> str:
        """The target in words."""
        bound = self.target.bound
        if self.target.kind == "seconds":
            return f"≤ {bound:g} s"
        return f"≥ {bound:g} ×" if self.target.kind == "ratio" else f"≤ {bound:.0%}"

    @property
    def shown(self) -> str:
        """What was measured, in words."""
        if self.measured is None:
            return self.reason or "—"
        low, median, high = (
            show(value) for value in (self.measured.low, self.measured.median, self.measured.high)
        )
        unit = {"seconds": " s", "ratio": " ×", "share": ""}[self.target.kind]
        return f"{'at least ' if self.at_least else ''}{low} – {median} – {high}{unit}"

    def row(self) -> tuple[str, str, str, str, str]:
        """What, against whom, target, measured, verdict."""
        return (self.case.title, self.peer or "—", self.quantity, self.shown, self.verdict.value)


def show(value: float) -> str:
    """Three significant digits."""
    return f"{value:.3g}" if abs(value) < 1e4 else f"{value:.2e}"


def judge_targets(report: BenchmarkReport) -> list[TargetResult]:
    """Every target of a report, in the order of its cases."""
    return [_judge(case, target) for case in report.cases.values() for target in case.targets]


def best_peer(case: CaseResult, names: Sequence[str] = ()) -> Measurement | None:
    """The fastest peer that was accurate enough, or one that was stopped even earlier; None if there is neither.

    A peer that was stopped would have taken longer than its limit, so it counts with at least that.
    """
    counted = [
        found
        for found in case.measurements
        if not found.ours
        and found.outcome in (Ending.REACHED, Ending.TIME_LIMIT)
        and found.seconds
        and (not names or found.contender in names)
    ]
    return min(counted, key=lambda found: found.time.median, default=None)


def _judge(case: CaseResult, target: Target) -> TargetResult:
    ours = case.ours
    if ours.outcome is not Ending.REACHED:
        reason = str((ours.notes or {}).get("reason", "")) or "ours was not accurate enough"
        verdict = TargetState.UNMEASURED if ours.outcome is Ending.ABSENT else TargetState.MISSED
        return TargetResult(case, target, "", None, False, verdict, f"{ours.outcome.value}: {reason}")
    if target.kind == "seconds":
        return _decided(case, target, "", ours.time, target.bound >= ours.time.median)
    peer = best_peer(case, target.against)
    if peer is None:
        return TargetResult(case, target, "", None, False, TargetState.UNMEASURED, "no peer was accurate enough")
    if target.kind == "share":
        part = ratio(peer.time, ours.time)
        share = Spread(1 - part.high, 1 - part.median, 1 - part.low)
        return _decided(case, target, peer.contender, share, share.median <= target.bound)
    found = ratio(peer.time, ours.time)
    met = found.median >= target.bound
    stopped = peer.outcome is Ending.TIME_LIMIT
    if stopped and not met:
        return TargetResult(case, target, peer.contender, found, True, TargetState.UNDECIDED)
    return _decided(case, target, peer.contender, found, met, at_least=stopped)


def _decided(
    case: CaseResult, target: Target, peer: str, measured: Spread, met: bool, *, at_least: bool = False
) -> TargetResult:
    return TargetResult(case, target, peer, measured, at_least, TargetState.MET if met else TargetState.MISSED)
