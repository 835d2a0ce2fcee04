"""Every notebook that has a seed, executed at several seeds, and what its checks said."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ntp_lib.companion.reproduction.checks import Check
from ntp_lib.companion.reproduction.execution import CELL_TIMEOUT, destinations, run_notebooks
from ntp_lib.companion.reproduction.kernel import Outcome
from ntp_lib.companion.reproduction.parameters import Value, notebook_parameters
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.robustness import (
    SEED,
    CheckOverSeeds,
    NotebookOverSeeds,
    RobustnessReport,
    SeedResult,
    code_digest,
    with_a_seed,
)
from ntp_lib.companion.reproduction.run import Run
from ntp_lib.companion.reproduction.runs import load_run

LONGEST_ERROR = 300


@dataclass(frozen=True)
class _Seen:
    """What one notebook gave at one seed: its run, or why it has none and the checks before that."""

    seed: int
    run: Run | None
    checks: tuple[Check, ...]
    failure: str = ""


def measure_robustness(
    project: Project,
    notebooks: Sequence[str],
    seeds: Sequence[int],
    *,
    command: str,
    fresh: bool = False,
    jobs: int | None = None,
    timeout: int = CELL_TIMEOUT,
    say: Callable[[str], None] = lambda line: None,
) -> RobustnessReport:
    """Brings the runs of notebooks at all seeds up to date and collects their checks.

    A run that is current is not made again, so an interrupted measurement goes on where it was.

    Args:
        project: the project.
        notebooks: names of notebooks that have a seed.
        seeds: the seeds, ascending.
        command: what was typed, for the report.
        fresh: execute even where a current run exists.
        jobs: notebooks at a time; one per core by default.
        timeout: seconds that a cell may take.
        say: told about every seed before it begins.

    Returns:
        The report. A notebook that fails at a seed is part of it.
    """
    seen: dict[str, list[_Seen]] = {notebook: [] for notebook in notebooks}
    for seed in seeds:
        say(f"seed {seed}:")
        for overrides, names in _by_overrides(project, notebooks, seed):
            folders = destinations(project, names, overrides, None)
            outcomes = run_notebooks(
                project, folders, overrides=overrides, fresh=fresh, jobs=jobs, timeout=timeout
            )
            for outcome in outcomes:
                run = None if outcome.failure else load_run(folders[outcome.notebook])
                seen[outcome.notebook].append(_seen(seed, outcome, run))
    runs = [item.run for items in seen.values() for item in items if item.run]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return RobustnessReport(
        command=command,
        started=min((run.started for run in runs), default=now),
        finished=now,
        python=", ".join(sorted({run.python for run in runs})),
        packages={name: version for run in runs for name, version in sorted(run.packages.items())},
        seeds=tuple(seeds),
        notebooks=tuple(
            NotebookOverSeeds(
                name=name,
                code_sha256=code_digest(project.notebook(name)),
                failures={item.seed: item.failure for item in items if item.failure},
                checks=tuple(_over_seeds(items)),
            )
            for name, items in seen.items()
        ),
        without_seed=tuple(sorted({*project.notebook_names()} - {*with_a_seed(project)})),
    )


def _by_overrides(
    project: Project, notebooks: Iterable[str], seed: int
) -> list[tuple[Mapping[str, Value], list[str]]]:
    """Notebooks whose own seed this is, which are the book's runs, and the others."""
    own: list[str] = []
    other: list[str] = []
    for notebook in notebooks:
        default = notebook_parameters(project.notebook(notebook))[SEED].default
        (own if default == seed else other).append(notebook)
    return [(overrides, names) for overrides, names in (({}, own), ({SEED: seed}, other)) if names]


def _seen(seed: int, outcome: Outcome, run: Run | None) -> _Seen:
    if outcome.failure is None:
        return _Seen(seed, run, run.checks if run else ())
    error = f"{outcome.failure.cell}: {outcome.failure.error}" if outcome.failure.cell else outcome.failure.error
    checks = outcome.partial.checks if outcome.partial else ()
    return _Seen(seed, None, checks, " ".join(error.split())[:LONGEST_ERROR])


def _over_seeds(items: Sequence[_Seen]) -> Iterable[CheckOverSeeds]:
    """The checks in the order of the notebook; one that a failing execution did not reach has fewer results."""
    longest = max(items, key=lambda item: len(item.checks), default=None)
    for first in longest.checks if longest else ():
        found = [(item.seed, check) for item in items for check in item.checks if check.name == first.name]
        yield CheckOverSeeds(
            name=first.name,
            scope=first.scope,
            relation=first.relation,
            reason=first.reason,
            results=tuple(
                SeedResult(
                    seed=seed,
                    observed=_finite(check.observed),
                    bound=_finite(check.bound),
                    control=_finite(check.control_observed),
                    trouble=check.trouble,
                )
                for seed, check in found
            ),
        )


def _finite(value: Any) -> Any:
    """A value that JSON can hold: NaN and infinities as text."""
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
