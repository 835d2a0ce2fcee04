from collections.abc import Sequence

import pytest
from other_arithmetic import SETTINGS, Kernels

from ntp_lib.companion.portability import measuring
from ntp_lib.companion.portability.settings import Setting
from ntp_lib.companion.reproduction.project import Project


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
