"""What was hoped for against what was measured; a target that was missed stays in the table as missed."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from ntp_lib.companion.benchmarks.records import OURS, BenchmarkReport, CaseResult, Ending, Measurement, Target
from ntp_lib.companion.benchmarks.timing import Spread, ratio, spread

UNITS = {"ratio": " ×", "seconds": " s", "products": " products", "MiB": " MiB", "exponent": " as exponent"}


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
        verdict: the verdict.
        peer: the peer that decides a ratio; where it was stopped by its limit, the true ratio is larger.
        measured: the quantity, None where there is none.
        at_least: whether that peer was stopped.
        reason: why nothing was measured.
    """

    case: CaseResult
    target: Target
    verdict: TargetState
    peer: str = ""
    measured: Spread | None = None
    at_least: bool = False
    reason: str = "—"

    @property
    def shown(self) -> str:
        """What was measured, in words."""
        if self.measured is None:
            return self.reason
        ends = " – ".join(show(value) for value in (self.measured.low, self.measured.median, self.measured.high))
        return f"{'at least ' if self.at_least else ''}{ends}{UNITS[self.target.kind]}"

    def row(self) -> tuple[str, str, str, str, str]:
        """What, against whom, target, measured, verdict."""
        sign = "≥" if self.target.kind == "ratio" else "≤"
        quantity = f"{sign} {self.target.bound:g}{UNITS[self.target.kind]}"
        return (self.case.title, self.peer or "—", quantity, self.shown, self.verdict.value)


def show(value: float) -> str:
    """Three significant digits."""
    return f"{value:.3g}" if abs(value) < 1e4 else f"{value:.2e}"


def judge_targets(report: BenchmarkReport) -> list[TargetResult]:
    """Every target of a report, in the order of its cases."""
    return [_judge(report, case, target) for case in report.cases for target in case.targets]


def best_peer(case: CaseResult, names: Sequence[str] = ()) -> Measurement | None:
    """The fastest peer that was accurate enough, or one that was stopped even earlier; None if there is neither.

    A peer that was stopped would have taken longer than its limit, so it counts with at least that.
    """
    counted = [
        found
        for found in case.peers
        if found.outcome in (Ending.REACHED, Ending.TIME_LIMIT)
        and found.seconds
        and (not names or found.contender in names)
    ]
    return min(counted, key=lambda found: found.time.median, default=None)


def _judge(report: BenchmarkReport, case: CaseResult, target: Target) -> TargetResult:
    ours = case.ours
    if ours.outcome is not Ending.REACHED:
        reason = str((ours.notes or {}).get("reason", "")) or "ours was not accurate enough"
        verdict = TargetState.UNMEASURED if ours.outcome is Ending.ABSENT else TargetState.MISSED
        return TargetResult(case, target, verdict, reason=f"{ours.outcome.value}: {reason}")
    if target.kind != "ratio":
        quantity = _of_ours(report, case, target.kind)
        if quantity is None:
            return TargetResult(case, target, TargetState.UNMEASURED, reason="nothing to go by")
        return TargetResult(case, target, _verdict(quantity.median <= target.bound), "", quantity)
    peer = best_peer(case, target.against)
    if peer is None:
        return TargetResult(case, target, TargetState.UNMEASURED, reason="no peer was accurate enough")
    found, stopped = ratio(peer.time, ours.time), peer.outcome is Ending.TIME_LIMIT
    met = found.median >= target.bound
    verdict = TargetState.UNDECIDED if stopped and not met else _verdict(met)
    return TargetResult(case, target, verdict, peer.contender, found, stopped)


def _of_ours(report: BenchmarkReport, case: CaseResult, kind: str) -> Spread | None:
    """What a target other than a ratio speaks of."""
    if kind == "exponent":
        return report.exponent(str(case.parameters.get("series")), OURS)
    if kind == "seconds":
        return case.ours.time
    noted = float((case.ours.notes or {}).get("memory_mib" if kind == "MiB" else "product_seconds", 0))
    if kind == "MiB" or noted == 0:
        return spread([noted]) if noted else None
    return spread([seconds / noted for seconds in case.ours.seconds])


def _verdict(met: bool) -> TargetState:
    return TargetState.MET if met else TargetState.MISSED
