from pathlib import Path

import pytest
from tiny_project import make_project, put_green

from ntp_lib.companion.reproduction.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Sources only."""
    return make_project(tmp_path / "project")


@pytest.fixture
def green(project: Project) -> Project:
    """Everything run, everything verified; no kernel was needed."""
    put_green(project)
    return project
