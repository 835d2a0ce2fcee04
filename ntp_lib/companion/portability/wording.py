"""The report in words, for the terminal."""

from __future__ import annotations

import math

from ntp_lib.companion.portability.records import PortabilityReport, SettingRecord
from ntp_lib.companion.portability.standing import COMMAND, Standing
from ntp_lib.companion.reproduction.wording import aligned

HEADINGS = ("kernel and threads", "figures verified", "nearest to its tolerance", "checks held", "failed")


def table(report: PortabilityReport) -> list[str]:
    """One line for every setting."""
    return aligned([HEADINGS, *(_row(record) for record in report.settings)])


def _row(record: SettingRecord) -> tuple[str, ...]:
    figures, notebooks = record.figures.values(), record.notebooks.values()
    return (
        str(record.setting),
        f"{sum(figure.verified for figure in figures)} of {len(figures)}",
        nearest(record),
        f"{sum(notebook.held for notebook in notebooks)} of {sum(notebook.checks for notebook in notebooks)}",
        ", ".join(name for name, notebook in record.notebooks.items() if notebook.failure) or "none",
    )


def nearest(record: SettingRecord) -> str:
    """The figure that came nearest to its tolerance, or went farthest beyond, and how far it went."""
    found = record.nearest
    if found is None:
        return "no figure"
    name, figure = found
    return f"{name}, {figure.column}: {share(figure.used)}" if figure.column else "no difference"


def share(used: float) -> str:
    """A part of the tolerance in words."""
    return "beyond any tolerance" if math.isinf(used) else f"{used:.2g} of what is allowed"


def describe_standing(standing: Standing) -> str:
    """The committed report in a line or two, as `ntp verify` ends with it."""
    title = "other BLAS kernels and threads"
    if standing.problems:
        return "\n".join(f"✗ {title}: {problem}" for problem in standing.problems)
    if standing.report is None:
        return f"– {title}: not tried yet; run: {COMMAND}"
    if standing.outdated:
        names = ", ".join(standing.outdated)
        return f"– {title}: the report is older than {names}; to renew it, run: {COMMAND}"
    settings = "; ".join(str(record.setting) for record in standing.report.settings)
    return f"✓ {title}: every figure was verified under {settings}"
