"""Proofs fold, open for those who follow a link into them, are remembered and printed."""

from typing import Any

import pytest
from book_browser import DESKTOP
from first_chapter import opened

pytestmark = pytest.mark.browser

OPEN_PROOFS = "() => [...document.querySelectorAll('details.ntp-proof')].filter((proof) => proof.open).length"


def test_proofs_fold_and_the_page_remembers(first_page: Any, statements_address: str) -> None:
    """Folded at first; one button opens and closes all; the next visit finds what the last one left."""
    assert first_page.evaluate(OPEN_PROOFS) == 0
    first_page.get_by_role("button", name="Open all proofs").click()
    assert first_page.evaluate(OPEN_PROOFS) == 2
    opened(first_page, f"{statements_address}/book/first.html")
    assert first_page.evaluate(OPEN_PROOFS) == 2
    opened(first_page, f"{statements_address}/book/second.html")
    assert first_page.evaluate(OPEN_PROOFS) == 0, "each page has its own memory"
    opened(first_page, f"{statements_address}/book/first.html")
    first_page.get_by_role("button", name="Close all proofs").click()
    opened(first_page, f"{statements_address}/book/first.html")
    assert first_page.evaluate(OPEN_PROOFS) == 0
    first_page.locator("details.ntp-proof summary").first.press("Enter")
    assert first_page.evaluate(OPEN_PROOFS) == 1


def test_without_memory_the_page_works(browser: Any, statements_address: str) -> None:
    """A browser that refuses to store anything."""
    page = browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.add_init_script(
        "for (const name of ['getItem', 'setItem', 'removeItem']) "
        "Storage.prototype[name] = function (key) "
        "{ if (key.startsWith('ntp-')) throw new Error('refused'); return null; };"
    )
    opened(page, f"{statements_address}/book/first.html")
    page.get_by_role("button", name="Open all proofs").click()
    assert page.evaluate(OPEN_PROOFS) == 2
    assert wrong == []
    page.close()


def test_links_and_search_hits_open_a_proof(first_page: Any, statements_address: str) -> None:
    """The target of an address, also a later one, and a highlighted word."""
    inner = f"{statements_address}/book/first.html#equation-eq-inner"
    opened(first_page, inner)
    assert first_page.evaluate(OPEN_PROOFS) == 1
    opened(first_page, f"{statements_address}/book/second.html")
    opened(first_page, f"{statements_address}/book/first.html")
    first_page.evaluate("location.hash = '#proof-of-thm-main'")
    first_page.wait_for_function("document.getElementById('proof-of-thm-main').open")
    opened(first_page, f"{statements_address}/book/second.html?highlight=late")
    assert first_page.evaluate(OPEN_PROOFS) >= 0
    first_page.evaluate(
        "document.querySelector('details.ntp-proof p').innerHTML = '<span class=highlighted>late</span>'"
    )
    first_page.evaluate("dispatchEvent(new Event('load'))")
    assert first_page.evaluate(OPEN_PROOFS) == 1


def test_folded_claim_opens(first_page: Any, statements_address: str) -> None:
    """The link from a statement to its claim leads into a folded box and opens it."""
    first_page.locator("#thm-main .ntp-checked a").first.click()
    first_page.wait_for_selector("#claim-growth .ntp-claim-place", state="visible")
    # Control: the other claim stays folded.
    assert not first_page.locator("#claim-formula .ntp-claim-place").is_visible()


def test_nothing_jumps_when_proofs_fold(browser: Any, statements_address: str) -> None:
    """Folding costs no layout shift; folding after the page was shown would."""
    page = browser.new_page(viewport={"width": DESKTOP, "height": 900})
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => list.getEntries()"
        ".forEach((e) => { window.shift += e.value; })).observe({type: 'layout-shift', buffered: true});"
    )
    opened(page, f"{statements_address}/book/first.html")
    page.wait_for_timeout(300)
    assert page.evaluate("window.shift") < 0.1
    page.close()


def test_proofs_printopened(first_page: Any) -> None:
    """On paper every proof is open, and afterwards folded as before."""
    shown = "() => document.querySelector('#proof-of-thm-main p').checkVisibility({contentVisibilityAuto: true})"
    assert not first_page.evaluate(shown)
    first_page.emulate_media(media="print")
    first_page.wait_for_function(shown)
    first_page.emulate_media(media="screen")
    first_page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert first_page.evaluate(OPEN_PROOFS) == 2
    first_page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert first_page.evaluate(OPEN_PROOFS) == 0


def test_without_scripts_everything_isopened(browser: Any, statements_address: str) -> None:
    """Proofs are read without scripts."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{statements_address}/book/first.html")
    assert page.locator("details.ntp-proof[open]").count() == 2
    assert page.get_by_text("By Lemma 2.1.").is_visible()
    context.close()
