"""Where notebooks cannot be executed, the commands that would say so before anything else."""

import sys

import pytest
from click.testing import CliRunner

from ntp_lib.companion.cli.main import COMMANDS, main
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.system import NOT_ON_WINDOWS


@pytest.mark.parametrize("arguments", [("run", "--all"), ("figure", "loss"), ("portability",), ("run", "--help")])
def test_windows_is_told_at_once(
    green: Project, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.delitem(sys.modules, f"ntp_lib.companion.cli.{arguments[0]}", raising=False)
    result = CliRunner().invoke(main, ["--project", str(green.root), *arguments])
    assert result.exit_code == 2
    assert " ".join(NOT_ON_WINDOWS.split()[:4]) in result.output
    # Not even an import comes first, for a module may be missing there.
    assert f"ntp_lib.companion.cli.{arguments[0]}" not in sys.modules


def test_commands_without_notebooks_work_there(green: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    assert CliRunner().invoke(main, ["--project", str(green.root), "list"]).exit_code == 0


def test_what_executes_notebooks_is_marked() -> None:
    assert {name for name, command in COMMANDS.items() if command.executes} == {
        "run",
        "figure",
        "portability",
        "robustness",
    }
