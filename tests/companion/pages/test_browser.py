"""Every page of a built book in a headless browser: the real one where it was built, a small one always."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from book_browser import TELEPHONE, faults, pages, served
from book_layout import unseen
from book_search import ALL_SHOWN
from small_project import ROOT
from waiting import settled

pytestmark = pytest.mark.browser

HTML = Path(os.environ.get("BOOK_HTML") or ROOT / "_build" / "html").resolve()
if "BOOK_HTML" in os.environ and not pages(HTML):
    raise FileNotFoundError(f"BOOK_HTML={HTML} holds no pages: make book")
PAGES = pages(HTML) or [pytest.param("", marks=pytest.mark.skip(reason=f"no built book in {HTML}: make book"))]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Address of the built book."""
    with served(HTML) as base:
        yield base


@pytest.mark.parametrize("page", PAGES)
def test_page_of_the_book(browser: Any, address: str, page: str) -> None:
    """No page gives a browser anything to complain about, or cuts or hides anything on any screen or on paper."""
    assert faults(browser, address, page, also=unseen) == []


def test_small_book(browser: Any, small_book: Path) -> None:
    """Theme, extensions and configuration give faultless pages, and a search that works."""
    names = pages(small_book)
    assert {"book/index.html", "book/chapter.html", "notebooks/growth.html", "search.html"} <= set(names)
    with served(small_book) as base:
        assert [fault for page in names for fault in faults(browser, base, page)] == []
        assert _search(browser, base, "dichotomies") == ["A small book"]
        fading = _fading_formulas(browser, f"{base}/book/chapter.html")
        assert len(fading) == 1
        assert "KL" in fading[0]


def _search(browser: Any, base: str, word: str) -> list[str]:
    view = browser.new_page()
    view.goto(f"{base}/search.html?q={word}")
    view.wait_for_function(ALL_SHOWN)
    titles: list[str] = view.locator("#search-results ul.search li > a").all_inner_texts()
    view.close()
    return titles


def _fading_formulas(browser: Any, page: str) -> list[str]:
    """Return the formulas marked as wider than a telephone."""
    view = browser.new_page(viewport={"width": TELEPHONE, "height": 900})
    view.goto(page)
    view.evaluate("MathJax.startup.promise")
    view.wait_for_selector(".math.ntp-more, .math .ntp-more")
    settled(view)
    formulas: list[str] = view.locator(".math.ntp-more, .math .ntp-more").all_text_contents()
    view.close()
    return formulas
