"""What a notebook's page says beyond the notebook: how to run it otherwise, and how it was run here."""

from collections.abc import Sequence

from ntp_lib.companion.pages import markdown as md
from ntp_lib.companion.pages.check_words import EVIDENCE, check_item
from ntp_lib.companion.pages.evidence import Evidence
from ntp_lib.companion.reproduction.parameters import Parameter
from ntp_lib.companion.reproduction.run import Run


def run_box(
    notebook: str, parameters: Sequence[Parameter], figures: Sequence[str], *, repository: str = ""
) -> str:
    """Return the folded box with the commands that run a notebook with other parameters.

    Args:
        notebook: name of the notebook.
        parameters: its parameters, with types, defaults and help.
        figures: ids of the figures it records.
        repository: address of the repository, for readers in a hosted notebook; empty when there is none.

    Returns:
        MyST Markdown.
    """
    # Another text cannot be made up as another number can.
    varied = next((p for p in parameters if isinstance(p.default, (int, float))), None)
    change = f" -p {_example(varied)}" if varied else ""
    commands = [f"ntp run {notebook}{change}", *(f"ntp figure {figure}{change}" for figure in figures)]
    parts = [
        "Nothing needs editing. The first command runs the whole notebook, the others one figure each; all end "
        "with your data against the reference. Repeat `-p` to change several parameters.",
        md.shell(*commands),
    ]
    if parameters:
        rows = [[md.code(p.name), p.type, md.code(p.default), p.help] for p in parameters]
        parts.append(md.table(["Parameter", "Type", "Default", "Meaning"], rows))
    if repository:
        parts += ["In a hosted notebook, install the library first:", md.shell(f"pip install git+{repository}")]
    return md.folded("Run this with other parameters", "\n\n".join(parts), kind="tip")


def _example(parameter: Parameter) -> str:
    value = parameter.default
    if isinstance(value, bool):
        other: object = not value
    elif isinstance(value, int):
        other = value + 1
    else:
        assert isinstance(value, float)
        other = value / 2 or 1.0
    return f"{parameter.name}={other}"


def footer(evidence: Evidence) -> str:
    """Return the closing section of a notebook's page: when and how it ran, its verdicts and its checks."""
    run, figures = evidence.run, evidence.figures
    parts = [
        "## How this page was computed",
        f"Executed on {md.utc(run.started)} in {md.duration(run.seconds)} with Python {md.plain(run.python)}: "
        f"{md.share([not check.problem for check in run.checks])} checks hold, "
        f"{md.share([figure.good for figure in figures])} figures agree with their reference. "
        "What that means: [how this book is verified](../book/how-verified.md).",
    ]
    if figures:
        rows = [[f"{{numref}}`{f.entry.id}`", f.entry.title, md.code(f.entry.id), f.verdict] for f in figures]
        parts.append(md.table(["Figure", "Title", "Name", "Verdict"], rows))
    if run.checks:
        # Not as code: a browser breaks a line within a name only where it is text.
        items = [check_item(md.plain(check.name), check, check.trouble) for check in run.checks]
        parts.append("\n".join([EVIDENCE, *items]))
    parts.append(md.folded("Parameters and package versions", _circumstances(run)))
    return "\n\n".join(parts)


def _circumstances(run: Run) -> str:
    parameters = [[md.code(name), md.code(value)] for name, value in run.parameters.items()]
    versions = [("Python", run.python), *sorted(run.packages.items())]
    packages = [[md.plain(name), md.plain(version)] for name, version in versions]
    return "\n\n".join(
        [
            md.table(["Parameter", "Value"], parameters) if parameters else "This notebook has no parameters.",
            md.table(["Package", "Version"], packages),
        ]
    )
