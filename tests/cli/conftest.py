import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "reproduction"))

from tiny_project import make_project, put_green

from ntp_lib.reproduction.project import Project


@pytest.fixture
def green(tmp_path: Path) -> Project:
    """Everything run, everything verified; no kernel was needed."""
    project = make_project(tmp_path / "project")
    put_green(project)
    return project
