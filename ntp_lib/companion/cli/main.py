"""The command line `ntp`."""

from __future__ import annotations

from pathlib import Path

import click

from ntp_lib.companion.cli.lazy import LazyCommand, LazyGroup
from ntp_lib.companion.reproduction.project import Project

# Each lives in the module of its name, as `NAME_command`.
COMMANDS = {
    "list": LazyCommand("Notebooks, their figures and parameters."),
    "run": LazyCommand("Execute notebooks; yours against reference.", executes=True),
    "figure": LazyCommand("Regenerate one figure; yours against reference.", executes=True),
    "verify": LazyCommand("Judge every figure, run, notebook and claim."),
    "claims": LazyCommand("Judge every claim of the book by its checks."),
    "accept": LazyCommand("Make the last run's data the reference."),
    "data": LazyCommand("Turn a text file into next-token data."),
    "bench": LazyCommand("Measure this library beside its peers."),
    "portability": LazyCommand("Verify the figures on other BLAS kernels and threads.", executes=True),
    "robustness": LazyCommand("Which checks hold at which seeds.", executes=True),
    "networks": LazyCommand("Transformers on text that take too long for a build."),
    "sweep": LazyCommand("Phase diagrams of the conditions, cell by cell."),
    "book": LazyCommand("Build the book from the runs."),
    "editions": LazyCommand("PDF, EPUB, single files and plain text of the built book."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--project",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The project's folder; by default it is looked for upwards from the working directory.",
)
@click.version_option(package_name="ntp-lib", prog_name="ntp")
@click.pass_context
def main(context: click.Context, root: Path | None) -> None:
    """Next-token prediction in linear models: run, change and verify every figure of the book."""
    context.obj = root


def current_project(context: click.Context) -> Project:
    """The project that a command works on.

    Args:
        context: the command's context.

    Returns:
        The project given by `--project`, or the one found from the working directory.
    """
    root = context.find_root().obj
    return Project.find(root)
