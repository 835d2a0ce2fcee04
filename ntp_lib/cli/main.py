"""The command line `ntp`."""

from __future__ import annotations

from pathlib import Path

import click

from ntp_lib.cli.lazy import LazyCommand, LazyGroup
from ntp_lib.reproduction.project import Project

COMMANDS = {
    "list": LazyCommand("ntp_lib.cli.list:list_command", "Notebooks, their figures and parameters."),
    "run": LazyCommand(
        "ntp_lib.cli.run:run_command", "Execute notebooks; yours against reference.", executes=True
    ),
    "figure": LazyCommand(
        "ntp_lib.cli.figure:figure_command", "Regenerate one figure; yours against reference.", executes=True
    ),
    "verify": LazyCommand("ntp_lib.cli.verify:verify_command", "Judge every figure, run, notebook and claim."),
    "claims": LazyCommand("ntp_lib.cli.claims:claims_command", "Judge every claim of the book by its checks."),
    "accept": LazyCommand("ntp_lib.cli.accept:accept_command", "Make the last run's data the reference."),
    "data": LazyCommand("ntp_lib.cli.data:data_command", "Turn a text file into next-token data."),
    "bench": LazyCommand("ntp_lib.cli.bench:bench_command", "Measure this library beside its peers."),
    "portability": LazyCommand(
        "ntp_lib.cli.portability:portability_command",
        "Verify the figures on other BLAS kernels and threads.",
        executes=True,
    ),
    "robustness": LazyCommand(
        "ntp_lib.cli.robustness:robustness_command", "Which checks hold at which seeds.", executes=True
    ),
    "sweep": LazyCommand("ntp_lib.cli.sweep:sweep_command", "Phase diagrams of the conditions, cell by cell."),
    "book": LazyCommand("ntp_lib.cli.book:book_command", "Build the book from the runs."),
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
        context: The command's context.

    Returns:
        The project given by `--project`, or the one found from the working directory.
    """
    root = context.find_root().obj
    return Project.find(root)
