"""Which checks hold at which seeds: the records, and what a current project finds wrong with them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ntp_lib.companion.reproduction.notebooks import code_cells
from ntp_lib.companion.reproduction.parameters import notebook_parameters
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.records import load_report, write_json

SEED = "seed"
REPORT = "robustness.json"
SCHEMA = "ntp-robustness-1"
DEFAULT_SEEDS = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class SeedResult:
    """One check at one seed.

    Attributes:
        seed: the seed.
        observed: the quantity found; NaN and infinity as text.
        bound: what it was compared with; it may depend on the data.
        control: what the control gave.
        trouble: why the check does not stand at this seed; empty where it does.
    """

    seed: int
    observed: Any
    bound: Any
    control: Any
    trouble: str


@dataclass(frozen=True)
class CheckOverSeeds:
    """One check at all seeds at which its notebook came as far.

    Attributes:
        name: `notebook/what`.
        scope: `all` where the claim is meant for every seed, `defaults` where it is about the notebook's own.
        relation: `≤`, `≥`, `∈` or `=`.
        reason: why this bound.
        results: one per seed.
    """

    name: str
    scope: str
    relation: str
    reason: str
    results: tuple[SeedResult, ...]

    @property
    def held(self) -> tuple[int, ...]:
        """Seeds at which it stands."""
        return tuple(result.seed for result in self.results if not result.trouble)

    @property
    def fallen(self) -> tuple[SeedResult, ...]:
        """Its results at the other seeds."""
        return tuple(result for result in self.results if result.trouble)


@dataclass(frozen=True)
class NotebookOverSeeds:
    """One notebook that has a parameter `seed`.

    Attributes:
        name: name of the notebook.
        code_sha256: digest of the code that was executed.
        failures: why it did not finish, by seed.
        checks: its checks, in order.
    """

    name: str
    code_sha256: str
    failures: Mapping[int, str]
    checks: tuple[CheckOverSeeds, ...]


@dataclass(frozen=True)
class RobustnessReport:
    """All notebooks at all seeds.

    Attributes:
        command: what was typed.
        started: ISO time at which the first of the executions began, UTC.
        finished: ISO time of the report, UTC.
        python: minor version of the interpreter.
        packages: versions of what the kernels loaded.
        seeds: the seeds.
        notebooks: those with a seed.
        without_seed: names of those without; their checks are the same whatever the seed.
    """

    command: str
    started: str
    finished: str
    python: str
    packages: Mapping[str, str]
    seeds: tuple[int, ...]
    notebooks: tuple[NotebookOverSeeds, ...]
    without_seed: tuple[str, ...]

    @property
    def checks(self) -> tuple[CheckOverSeeds, ...]:
        """Every check of every notebook with a seed."""
        return tuple(check for notebook in self.notebooks for check in notebook.checks)

    def holds(self, check: CheckOverSeeds) -> bool:
        """Whether a check stands at every seed; one that was not reached at some seed does not."""
        return check.held == self.seeds

    @property
    def broken_claims(self) -> tuple[CheckOverSeeds, ...]:
        """Check claimed for every seed that do not hold at every seed."""
        return tuple(check for check in self.checks if check.scope == "all" and not self.holds(check))


def code_digest(path: Path) -> str:
    """SHA-256 over the code of a notebook; a changed sentence between the cells outdates nothing."""
    total = hashlib.sha256()
    for cell in code_cells(path):
        total.update(cell.source.encode() + b"\0")
    return total.hexdigest()


def with_a_seed(project: Project) -> list[str]:
    """Names of the notebooks that have a parameter `seed`."""
    return [name for name in project.notebook_names() if SEED in notebook_parameters(project.notebook(name))]


def outdated(project: Project, report: RobustnessReport) -> list[str]:
    """Notebooks whose code is another than at the time of the report, or that one of the two does not have."""
    then = {notebook.name: notebook.code_sha256 for notebook in report.notebooks}
    now = {name: code_digest(project.notebook(name)) for name in with_a_seed(project)}
    return sorted(name for name in {*then, *now} if then.get(name) != now.get(name))


def unlisted(report: RobustnessReport, recorded: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """How the checks of the report differ from those that runs recorded, one sentence each.

    Args:
        report: the report.
        recorded: names of the checks of every notebook that has a current run and a seed.
    """
    listed = {notebook.name: [check.name for check in notebook.checks] for notebook in report.notebooks}
    for notebook, names in recorded.items():
        there = listed.get(notebook, [])
        yield from (f"lacks check {name}" for name in names if name not in there)
        yield from (
            f"lists check {name}, which its notebook no longer makes" for name in there if name not in names
        )


def save_robustness(report: RobustnessReport, path: Path) -> None:
    """Write a report; whoever reads the path finds the earlier file or the whole new one."""
    write_json({"schema": SCHEMA, **asdict(report)}, path)


def load_robustness(path: Path) -> RobustnessReport:
    """Read a report.

    Raises:
        ReproductionError: there is no file, or it is no report of this schema; the message names the field and
            says what to do.
    """
    return load_report(
        RobustnessReport,
        path,
        schema=SCHEMA,
        name="report over seeds",
        problems=_problems,
        remedy="make it again with: ntp robustness",
    )


def _problems(report: RobustnessReport) -> Iterator[str]:
    if not report.seeds:
        yield "seeds is empty; valid: a list of whole numbers"
    for check in report.checks:
        seeds = [result.seed for result in check.results]
        if len(set(seeds)) < len(seeds) or not set(seeds) <= set(report.seeds):
            yield f"check {check.name} has results at seeds {seeds}, the report is about {report.seeds}"
