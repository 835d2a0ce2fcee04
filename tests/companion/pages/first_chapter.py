"""The first chapter of the small book of statements in a browser, as opened from a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from book_browser import DESKTOP


def opened(page: Any, address: str) -> None:
    """Open an address and wait until its formulas are typeset."""
    page.goto(address, wait_until="load")
    page.evaluate("window.MathJax?.startup?.promise")


@contextmanager
def first_chapter(browser: Any, folder: str) -> Iterator[Any]:
    """Yield a page that shows the chapter; afterwards no script may have complained."""
    context = browser.new_context(viewport={"width": DESKTOP, "height": 900})
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    opened(page, f"{folder}/book/first.html")
    yield page
    assert wrong == []
    context.close()
