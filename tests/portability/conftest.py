import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "reproduction"))

from other_arithmetic import SETTINGS, Kernels
from tiny_project import make_project, put_green

from ntp_lib.portability import measuring
from ntp_lib.portability.settings import Setting
from ntp_lib.reproduction.project import Project


@pytest.fixture
def green(tmp_path: Path) -> Project:
    """Everything run, everything verified."""
    project = make_project(tmp_path / "project")
    put_green(project)
    return project


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> Kernels:
    """Executions that take no kernel, on a machine that computes as it is asked."""
    found = Kernels()
    monkeypatch.setattr(measuring, "run_notebooks", found.run)
    monkeypatch.setattr(measuring, "require_runnable", lambda setting: None)
    return found


@pytest.fixture
def measured(green: Project, kernels: Kernels) -> Sequence[Setting]:
    """The settings under which the project's notebooks can be measured."""
    return SETTINGS
