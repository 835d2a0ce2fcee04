"""A small site, and its editions made once."""

import shutil
from pathlib import Path

import pytest
from small_site import small_site

from ntp_lib.companion.editions.chromium import NAMES
from ntp_lib.companion.editions.making import Editions, make_editions
from ntp_lib.companion.reproduction.project import Project


@pytest.fixture
def site(tmp_path: Path) -> Project:
    """A small project with its book built."""
    return small_site(tmp_path)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Editions:
    """All editions of a small book; tests that need them are skipped where no browser is."""
    if not any(map(shutil.which, NAMES)):
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    return make_editions(small_site(tmp_path_factory.mktemp("editions")))
