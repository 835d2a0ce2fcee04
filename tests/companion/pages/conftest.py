"""Fixtures of the publication tests: a small project, and a browser where one is installed."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from book_browser import ARGUMENTS
from built_once import built_once
from explore_page import small_page
from first_chapter import first_chapter
from small_project import small_project
from statements_book import statements_book
from waiting import patient

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
        yield patient(chromium)
        chromium.close()


@pytest.fixture(scope="session")
def small_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the small book's pages, for reading."""
    return built_once(tmp_path_factory, "small-book", small_project)


@pytest.fixture(scope="session")
def book_of_statements(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the pages of the small book of statements, for reading."""
    return built_once(tmp_path_factory, "book-of-statements", statements_book)


def _with_the_page_that_moves(folder: Path) -> Project:
    project = small_project(folder)
    small_page(project.root)
    return project


@pytest.fixture(scope="session")
def book_that_moves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the small book's pages with the explorable page among them, for reading."""
    return built_once(tmp_path_factory, "book-that-moves", _with_the_page_that_moves)


# A first paragraph that has a formula, quotation marks and a tag.
OPENING = 'How long does $\\Wmm$ take to "arrive", and why does $\\int_0^1 f$ not matter for <what> follows?'


def _with_an_address(folder: Path) -> Project:
    project = small_project(folder, url="https://github.com/o/n")
    chapter = project.root / "book" / "chapter.md"
    chapter.write_text(chapter.read_text("utf-8").replace("What grows?", f"{OPENING}\n\nWhat grows?", 1), "utf-8")
    return project


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the pages of the small book with an address, for reading."""
    return built_once(tmp_path_factory, "published-book", _with_an_address)


@pytest.fixture
def statements_address(book_of_statements: Path) -> str:
    """Address of the book on the disk: everything of it works without a server."""
    return book_of_statements.as_uri()


@pytest.fixture
def first_page(browser: Any, statements_address: str) -> Iterator[Any]:
    """The first chapter of the book of statements, opened from the disk."""
    with first_chapter(browser, statements_address) as page:
        yield page
