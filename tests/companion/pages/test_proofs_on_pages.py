"""Proofs fold, open for those who follow a link into them, are remembered and printed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from book_browser import DESKTOP
from first_chapter import first_chapter, opened

pytestmark = pytest.mark.browser

OPEN_PROOFS = "() => [...document.querySelectorAll('details.ntp-proof')].filter((proof) => proof.open).length"


@pytest.fixture
def address(book_of_statements: Path) -> str:
    """Address of the book on the disk: everything here works without a server."""
    return book_of_statements.as_uri()


@pytest.fixture
def view(browser: Any, address: str) -> Iterator[Any]:
    """The first chapter."""
    with first_chapter(browser, address) as page:
        yield page


def test_proofs_fold_and_the_page_remembers(view: Any, address: str) -> None:
    """Folded at first; one button opens and closes all; the next visit finds what the last one left."""
    assert view.evaluate(OPEN_PROOFS) == 0
    view.get_by_role("button", name="Open all proofs").click()
    assert view.evaluate(OPEN_PROOFS) == 2
    opened(view, f"{address}/book/first.html")
    assert view.evaluate(OPEN_PROOFS) == 2
    opened(view, f"{address}/book/second.html")
    assert view.evaluate(OPEN_PROOFS) == 0, "each page has its own memory"
    opened(view, f"{address}/book/first.html")
    view.get_by_role("button", name="Close all proofs").click()
    opened(view, f"{address}/book/first.html")
    assert view.evaluate(OPEN_PROOFS) == 0
    view.locator("details.ntp-proof summary").first.press("Enter")
    assert view.evaluate(OPEN_PROOFS) == 1


def test_without_memory_the_page_works(browser: Any, address: str) -> None:
    """A browser that refuses to store anything."""
    page = browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.add_init_script(
        "for (const name of ['getItem', 'setItem', 'removeItem']) "
        "Storage.prototype[name] = function (key) "
        "{ if (key.startsWith('ntp-')) throw new Error('refused'); return null; };"
    )
    opened(page, f"{address}/book/first.html")
    page.get_by_role("button", name="Open all proofs").click()
    assert page.evaluate(OPEN_PROOFS) == 2
    assert wrong == []
    page.close()


def test_links_and_search_hits_open_a_proof(view: Any, address: str) -> None:
    """The target of an address, also a later one, and a highlighted word."""
    inner = f"{address}/book/first.html#equation-eq-inner"
    opened(view, inner)
    assert view.evaluate(OPEN_PROOFS) == 1
    opened(view, f"{address}/book/second.html")
    opened(view, f"{address}/book/first.html")
    view.evaluate("location.hash = '#proof-of-thm-main'")
    view.wait_for_function("document.getElementById('proof-of-thm-main').open")
    opened(view, f"{address}/book/second.html?highlight=late")
    assert view.evaluate(OPEN_PROOFS) >= 0
    view.evaluate(
        "document.querySelector('details.ntp-proof p').innerHTML = '<span class=highlighted>late</span>'"
    )
    view.evaluate("dispatchEvent(new Event('load'))")
    assert view.evaluate(OPEN_PROOFS) == 1


def test_folded_claim_opens(view: Any, address: str) -> None:
    """The link from a statement to its claim leads into a folded box and opens it."""
    view.locator("#thm-main .ntp-checked a").first.click()
    view.wait_for_selector("#claim-growth .ntp-claim-place", state="visible")
    # Control: the other claim stays folded.
    assert not view.locator("#claim-formula .ntp-claim-place").is_visible()


def test_nothing_jumps_when_proofs_fold(browser: Any, address: str) -> None:
    """Folding costs no layout shift; folding after the page was shown would."""
    page = browser.new_page(viewport={"width": DESKTOP, "height": 900})
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => list.getEntries()"
        ".forEach((e) => { window.shift += e.value; })).observe({type: 'layout-shift', buffered: true});"
    )
    opened(page, f"{address}/book/first.html")
    page.wait_for_timeout(300)
    assert page.evaluate("window.shift") < 0.1
    page.close()


def test_proofs_printopened(view: Any) -> None:
    """On paper every proof is open, and afterwards folded as before."""
    shown = "() => document.querySelector('#proof-of-thm-main p').checkVisibility({contentVisibilityAuto: true})"
    assert not view.evaluate(shown)
    view.emulate_media(media="print")
    view.wait_for_function(shown)
    view.emulate_media(media="screen")
    view.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert view.evaluate(OPEN_PROOFS) == 2
    view.evaluate("dispatchEvent(new Event('afterprint'))")
    assert view.evaluate(OPEN_PROOFS) == 0


def test_without_scripts_everything_isopened(browser: Any, address: str) -> None:
    """Proofs are read without scripts."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/book/first.html")
    assert page.locator("details.ntp-proof[open]").count() == 2
    assert page.get_by_text("By Lemma 2.1.").is_visible()
    context.close()
