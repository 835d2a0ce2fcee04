"""The ledger judged beside what the runs recorded: a claim stands only where all its checks do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ntp_lib.companion.reproduction.checks import Check
from ntp_lib.companion.reproduction.errors import unknown
from ntp_lib.companion.reproduction.ledger import Claim, Ledger
from ntp_lib.companion.reproduction.run_report import RunReport


@dataclass(frozen=True)
class Support:
    """One check that a claim names.

    Attributes:
        name: `notebook/what`.
        check: what was recorded; None where nothing was.
        problem: why it supports nothing, in one sentence; empty where it stands.
    """

    name: str
    check: Check | None
    problem: str

    @property
    def notebook(self) -> str:
        """Name of the notebook that makes the check."""
        return self.name.partition("/")[0]


@dataclass(frozen=True)
class ClaimResult:
    """A claim with its supports, in the ledger's order."""

    claim: Claim
    supports: tuple[Support, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the claim is red, one sentence each; empty where it is green."""
        if not self.supports:
            return ("no check supports it",)
        return tuple(support.problem for support in self.supports if support.problem)

    @property
    def ok(self) -> bool:
        """There is a check, and every check was recorded by a current run, holds, and could have failed."""
        return not self.reasons

    @property
    def held(self) -> int:
        """How many of its checks stand."""
        return sum(not support.problem for support in self.supports)

    def __str__(self) -> str:
        if self.ok:
            return f"✓ claim {self.claim.id}: {self.claim.state.value}, checks held: {self.held}"
        reasons = "".join(f"\n    {reason}" for reason in self.reasons)
        return f"✗ claim {self.claim.id}: not supported, checks held: {self.held} of {len(self.supports)}{reasons}"


@dataclass(frozen=True)
class LedgerReport:
    """The verdict on the ledger.

    Attributes:
        claims: every claim, in the ledger's order.
        missing: required ids that have no claim.
        unclaimed: recorded checks that no claim names.
    """

    claims: tuple[ClaimResult, ...]
    missing: tuple[str, ...]
    unclaimed: tuple[str, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the ledger besides its claims, one sentence each."""
        return (
            *(f"claim {name} is required and not in the ledger" for name in self.missing),
            *(f"check {name} supports no claim" for name in self.unclaimed),
        )

    @property
    def ok(self) -> bool:
        """Every claim is green, none is missing and no check is left over."""
        return not self.problems and all(result.ok for result in self.claims)


@dataclass(frozen=True)
class _Record:
    """What is known of a notebook's checks: those recorded by name, or why none of them counts."""

    checks: Mapping[str, Check]
    problem: str = ""


def judge_claims(ledger: Ledger, runs: Mapping[str, RunReport]) -> LedgerReport:
    """Judge every claim by the runs as they lie, without executing anything.

    Args:
        ledger: the project's ledger.
        runs: its runs, as `report_runs` gives them.

    Returns:
        The report.
    """
    records = {notebook: _record(report) for notebook, report in runs.items()}
    named = {name for claim in ledger.claims.values() for name in claim.checks}
    recorded = [name for record in records.values() for name in record.checks]
    return LedgerReport(
        claims=tuple(
            ClaimResult(claim, tuple(_support(name, records) for name in claim.checks))
            for claim in ledger.claims.values()
        ),
        missing=ledger.missing,
        unclaimed=tuple(name for name in recorded if name not in named),
    )


def _record(report: RunReport) -> _Record:
    notebook, run, changes = report.notebook, report.run, report.changes
    if report.unreadable:
        return _Record({}, f"{report.unreadable}; run: ntp run {notebook} --fresh")
    if run is None:
        return _Record({}, f"{notebook} has not been run; run: ntp run {notebook}")
    checks = {check.name: check for check in run.checks}
    if not changes:
        return _Record(checks)
    more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
    return _Record(checks, f"the run of {notebook} is stale ({changes[0]}{more}); run: ntp run {notebook}")


def _support(name: str, records: Mapping[str, _Record]) -> Support:
    notebook = name.partition("/")[0]
    if notebook not in records:
        return Support(name, None, f"check {name}: {unknown('notebook', notebook, records)}")
    record = records[notebook]
    check = record.checks.get(name)
    if check is None and record.checks:
        return Support(name, None, f"check {name}: not recorded by the run of {notebook}")
    if record.problem:
        return Support(name, check, f"check {name}: {record.problem}")
    if check is None:
        return Support(name, None, f"check {name}: the run of {notebook} recorded no check at all")
    return Support(name, check, check.problem)
