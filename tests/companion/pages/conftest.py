"""Fixtures of the publication tests: a small project, and a browser where one is installed."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from book_browser import ARGUMENTS
from small_project import small_project

from ntp_lib.companion.reproduction.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A small project with one executed notebook."""
    return small_project(tmp_path)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium; tests that need it are skipped where it is not installed."""
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if executable is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, headless=True, chromium_sandbox=False, args=ARGUMENTS
        )
        yield chromium
        chromium.close()
