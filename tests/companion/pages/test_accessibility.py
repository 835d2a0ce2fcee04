"""Pages for every reader: nothing that axe-core finds serious, visible focus, unique ids, formulas with a menu."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from book_access import complaints
from book_browser import pages, served
from small_project import ROOT

pytestmark = pytest.mark.browser

HTML = Path(os.environ.get("BOOK_HTML") or ROOT / "_build" / "html").resolve()
# A page of each kind, and some 25 of what is alike on it: axe-core takes long. All with EVERY_PAGE=1.
EVERY_PAGE = bool(os.environ.get("EVERY_PAGE"))
KINDS = {
    "book/index.html", "book/explore.html", "book/margin.html", "book/api.html", "book/bibliography.html",
    "book/what-is-new.html", "book/argument.html", "book/claims.html", "book/how-verified.html",
    "notebooks/geometry.html", "search.html", "404.html",
}  # fmt: skip
PAGES = [page for page in pages(HTML) if page in KINDS or EVERY_PAGE] or [
    pytest.param("", marks=pytest.mark.skip(reason=f"no built book in {HTML}: make book"))
]
NAMES = ("book/index.html", "book/chapter.html", "notebooks/growth.html", "search.html", "404.html")

STYLE = "<style>:focus-visible { outline: 3px solid #1a5a96; }</style>"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>page</title>
<link rel="icon" href="data:,"></head>
<body style="background: #fff"><main><h1>A page</h1>BODY</main></body></html>"""
# What has to be found, and the page that has it.
FAULTY = {
    "color-contrast": '<p style="color: #999">too pale to read</p>',
    "button-name": f"{STYLE}<button></button>",
    "image-alt": '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    "aria-valid-attr": f'{STYLE}<p aria-labelled="x">text</p>',
    "summary-name": f"{STYLE}<details><summary></summary>text</details>",
    "no visible focus: button": "<style>button:focus { outline: none }</style><button>press</button>",
    "no visible focus: a": '<style>a:focus { outline: 3px solid #eee }</style><a href="#x">go</a>',
    "no visible focus: summary": "<style>* { outline: 0 }</style><details><summary>s</summary></details>",
    "id given more than once: twice": '<p id="twice">one</p><p id="twice">two</p>',
}
SOUND = f"""{STYLE}<p id="one">words</p><button>press</button> <a href="#one">go</a>
<details><summary>more</summary><p id="two">text</p></details>"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Address of the built book."""
    with served(HTML) as base:
        yield base


@pytest.fixture(scope="module")
def small(small_book: Path) -> Iterator[str]:
    """Address of the small book."""
    with served(small_book) as base:
        yield base


@pytest.mark.parametrize("page", PAGES)
def test_page_of_the_book(browser: Any, address: str, page: str) -> None:
    """No kind of page of the book shuts a reader out."""
    assert complaints(browser, f"{address}/{page}", everything=EVERY_PAGE) == []


@pytest.mark.parametrize("page", NAMES)
def test_page_of_the_small_book(browser: Any, small: str, page: str) -> None:
    """Theme, extensions and style shut nobody out."""
    assert complaints(browser, f"{small}/{page}") == []


@pytest.mark.parametrize("fault", FAULTY)
def test_fault_is_found(browser: Any, tmp_path: Path, fault: str) -> None:
    """A page with one fault is reported with it."""
    (tmp_path / "page.html").write_text(PAGE.replace("BODY", FAULTY[fault]), "utf-8")
    with served(tmp_path) as base:
        assert any(fault in found for found in complaints(browser, f"{base}/page.html"))


def test_sound_page_is_left_alone(browser: Any, tmp_path: Path) -> None:
    """So that the faults above are due to what is broken."""
    (tmp_path / "page.html").write_text(PAGE.replace("BODY", SOUND), "utf-8")
    with served(tmp_path) as base:
        assert complaints(browser, f"{base}/page.html") == []


def test_arrows_of_the_contents_say_what_they_open(browser: Any, small: str) -> None:
    """The theme leaves them without a name."""
    view = browser.new_page()
    view.goto(f"{small}/book/index.html")
    names = view.locator("nav summary").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    view.close()
    assert names == ["Sections of 1. A chapter"]


def test_menu_of_formulas(browser: Any, small: str) -> None:
    """A formula can be copied as TeX and zoomed; neither the menu nor what another book stored loads anything."""
    view = browser.new_page()
    requests: list[str] = []
    view.add_init_script(
        'localStorage.setItem(\'MathJax-Menu-Settings\', \'{"explorer": true, "renderer": "CHTML"}\')'
    )
    view.on("request", lambda request: requests.append(request.url))
    view.goto(f"{small}/book/chapter.html", wait_until="load")
    view.evaluate("MathJax.startup.promise")
    view.wait_for_function("!MathJax.startup.document.menu.menu.findID('Accessibility')")
    loaded = len(requests)
    view.locator("mjx-container").first.click(button="right")
    view.wait_for_selector(".CtxtMenu_MenuItem")
    labels = view.locator(".CtxtMenu_MenuItem").all_inner_texts()
    tab_stops = view.locator("mjx-container[tabindex='0']").count()
    view.close()
    text = " ".join(labels)
    assert "Copy to Clipboard" in text
    assert "Math Settings" in text
    assert [word for word in ("Accessibility", "Language") if word in text] == []
    assert tab_stops == 0
    assert [url for url in requests if not url.startswith((small, "data:"))] == []
    assert len(requests) == loaded
