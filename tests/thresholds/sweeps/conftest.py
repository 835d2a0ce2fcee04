import os
import sys
from pathlib import Path

import pytest

# Worker processes import the tasks by name too: they inherit the variable, this process the path.
HERE = str(Path(__file__).parent)
sys.path.insert(0, HERE)


@pytest.fixture
def marks(tmp_path, monkeypatch):
    """A folder that worker processes started from here leave marks in, and the way to their tasks."""
    folder = tmp_path / "marks"
    folder.mkdir()
    monkeypatch.setenv("NTP_TEST_MARKS", str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([HERE, os.environ.get("PYTHONPATH", "")]))
    return folder
