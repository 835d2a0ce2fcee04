"""The commands of README that execute the book's notebooks with other parameters, executed as printed."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from printed_commands import in_file

sys.path.insert(0, str(Path(__file__).parents[2]))

from book_copy import copy_book

EXECUTED = [command for command in in_file("README.md") if command.startswith("ntp") and " -p " in command]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with the notebook that README names."""
    return copy_book(tmp_path_factory.mktemp("readme"), ["overparameterised"])


@pytest.mark.timeout(900)
@pytest.mark.parametrize("command", EXECUTED)
def test_picture_comparison_and_list(project: Path, command: str) -> None:
    words = shlex.split(command)[1:]
    done = subprocess.run(
        [sys.executable, "-m", "ntp_lib", *words],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = ["fig-4"] if words[0] == "figure" else ["fig-3", "fig-4", "fig-5", "dimension-sweep"]
    for figure in figures:
        assert f"✗ {figure} differs from its reference\n" in done.stdout
        assert len(list(project.glob(f"_build/*/*/figures/{figure}.svg"))) >= 1
    assert "yours against reference, columns that differ: " in done.stdout
    fallen = done.stdout.count("\n  ✗ ")
    assert fallen == 0 or f"checks that no longer hold: {fallen} of " in done.stdout
    assert not (project / "_build/runs").exists()
