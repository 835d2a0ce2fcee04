"""The list at the end of `make mutants`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

UNKNOWN = "no verdict: the execution broke down, or the edit no longer fits"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say of every mutant what killed it, or that it survived."""
    rows = sorted(_verdicts(terminalreporter))
    if not rows:
        return
    terminalreporter.section("mutants")
    width = max(len(name) for name, _ in rows)
    for name, verdict in rows:
        terminalreporter.write_line(f"{name:<{width}}  → {verdict}")
    survivors = sum(verdict.startswith("SURVIVED") for _, verdict in rows)
    unknown = sum(verdict == UNKNOWN for _, verdict in rows)
    red = sum("ntp claims red" in verdict for _, verdict in rows)
    terminalreporter.write_line(
        f"{len(rows)} mutants, ntp claims red for {red}; survivors: {survivors}; without verdict: {unknown}"
    )


def _verdicts(terminalreporter: Any) -> Iterator[tuple[str, str]]:
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and report.when == "call":
                known = dict(report.user_properties)
                if "mutant" in known:
                    yield str(known["mutant"]), str(known.get("verdict", UNKNOWN))
