"""A folder with a text for `ntp data`."""

import pytest
from story import SENTENCE


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a story in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "story.txt").write_text(SENTENCE)
    return tmp_path
