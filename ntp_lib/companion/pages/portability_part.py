"""The part of the page on verification about other BLAS kernels and numbers of threads."""

from __future__ import annotations

from ntp_lib.companion.pages import markdown as md
from ntp_lib.companion.portability.records import PortabilityReport, SettingRecord
from ntp_lib.companion.portability.standing import COMMAND, Standing
from ntp_lib.companion.portability.wording import nearest

HEADINGS = (
    "Kernel of OpenBLAS",
    "PyTorch's code",
    "Threads",
    "Figures agree",
    "Nearest to its tolerance",
    "Checks hold",
    "Took",
)
MAIN_PACKAGES = ("numpy", "scipy", "torch")


def portability_part(standing: Standing) -> str:
    """Return the table of settings, what it was measured on, and what the report is too old for.

    Args:
        standing: the report and the verdict on it.
    """
    if standing.report is None:
        words = (
            md.code(standing.problems[0])
            if standing.problems
            else f"not tried yet; the command is {md.code(COMMAND)}"
        )
        return md.verdict(False, f"No report: {words}.")
    rows = [_row(record) for record in standing.report.settings]
    parts = [md.table(HEADINGS, rows), _where(standing.report), _products(standing.report)]
    if standing.problems:
        parts.append("\n".join(f"- {md.verdict(False, md.code(problem))}" for problem in standing.problems))
    if standing.outdated:
        names = ", ".join(md.code(name) for name in standing.outdated)
        parts.append(
            md.verdict(False, f"The report is older than these notebooks, or than what they depend on: {names}.")
        )
    return "\n\n".join(part for part in parts if part)


def _row(record: SettingRecord) -> list[str]:
    notebooks = record.notebooks.values()
    failed = [name for name, notebook in record.notebooks.items() if notebook.failure]
    checks = [position < notebook.held for notebook in notebooks for position in range(notebook.checks)]
    figures = [figure.verified for figure in record.figures.values()]
    return [
        record.setting.kernel,
        ", ".join(record.arithmetic_of("torch", "capability")) or "not used",
        str(record.setting.threads),
        md.share(figures) + (f"; failed: {', '.join(failed)}" if failed else ""),
        nearest(record),
        md.share(checks),
        md.duration(sum(notebook.seconds for notebook in notebooks)),
    ]


def _where(report: PortabilityReport) -> str:
    machine = ", ".join(f"{name.replace('_', ' ')} {md.code(value)}" for name, value in report.machine.items())
    names = ("Python", *MAIN_PACKAGES)
    versions = ", ".join(f"{name} {report.versions[name]}" for name in names if name in report.versions)
    return f"Measured on {md.utc(report.finished)} by {md.code(report.command)} ({machine}; {versions})."


def _products(report: PortabilityReport) -> str:
    """Whether the settings differ at all, read off the bits of one product of matrices."""
    sentences = []
    for package in ("numpy", "torch"):
        by_kernel = {
            record.setting.kernel: tuple(record.arithmetic_of("products", package)) for record in report.settings
        }
        if len(by_kernel) > 1:
            same = len(set(by_kernel.values())) == 1
            sentences.append(
                f"{package} gives {'the same' if same else 'other'} bits for one fixed product of matrices"
            )
    return f"From kernel to kernel, {'; '.join(sentences)}." if sentences else ""
