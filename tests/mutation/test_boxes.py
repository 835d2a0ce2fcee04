"""The commands in the boxes of the notebooks' pages, executed: too long for every test run (make mutants)."""

import shlex

import pytest
from book_copy import ROOT
from click.testing import CliRunner

from ntp_lib.companion.cli.main import main
from ntp_lib.companion.pages.notebook_page import run_box
from ntp_lib.companion.reproduction.manifest import load_manifest
from ntp_lib.companion.reproduction.parameters import notebook_parameters
from ntp_lib.companion.reproduction.project import Project

pytestmark = [pytest.mark.mutation, pytest.mark.timeout(1800)]
BOOK = Project(ROOT)


def commands(notebook: str) -> list[str]:
    parameters = list(notebook_parameters(BOOK.notebook(notebook)).values())
    figures = [entry.id for entry in load_manifest(BOOK).of_notebook(notebook)]
    return [line for line in run_box(notebook, parameters, figures).splitlines() if line.startswith("ntp ")]


@pytest.mark.parametrize("notebook", BOOK.notebook_names())
def test_commands_of_the_box(notebook: str) -> None:
    """The whole notebook first; each figure then comes from that run."""
    for command in commands(notebook):
        result = CliRunner().invoke(main, ["--project", str(ROOT), *shlex.split(command)[1:]])
        assert result.exit_code == 0, f"{command}: {result.output}"
