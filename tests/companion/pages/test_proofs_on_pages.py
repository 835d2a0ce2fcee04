"""Proofs fold, open for those who follow a link into them, are remembered and printed."""

from typing import Any

import pytest
from book_browser import DESKTOP
from first_chapter import opened
from waiting import SHIFT, settled

pytestmark = pytest.mark.browser

PROOFS = "[...document.querySelectorAll('details.ntp-proof')].filter((proof) => proof.open).length"

# In how many frames some proof was seen.
WATCH = """window.shown = 0;
const look = () => {
  const seen = (text) => text.checkVisibility({ contentVisibilityAuto: true });
  window.shown += [...document.querySelectorAll('details.ntp-proof p')].some(seen);
  requestAnimationFrame(look);
};
look();"""


def has_open(page: Any, count: int) -> None:
    """Wait until so many proofs are open: what a link or a key opens is open a moment later."""
    page.wait_for_function(f"(count) => {PROOFS} === count", arg=count)


def test_proofs_fold_and_the_page_remembers(first_page: Any, statements_address: str) -> None:
    """Folded at first; one button opens and closes all; the next visit finds what the last one left."""
    has_open(first_page, 0)
    first_page.get_by_role("button", name="Open all proofs").click()
    has_open(first_page, 2)
    opened(first_page, f"{statements_address}/book/first.html")
    has_open(first_page, 2)
    opened(first_page, f"{statements_address}/book/second.html")
    has_open(first_page, 0)
    opened(first_page, f"{statements_address}/book/first.html")
    first_page.get_by_role("button", name="Close all proofs").click()
    opened(first_page, f"{statements_address}/book/first.html")
    has_open(first_page, 0)
    first_page.locator("details.ntp-proof summary").first.press("Enter")
    has_open(first_page, 1)


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
    has_open(page, 2)
    assert wrong == []
    page.close()


def test_links_and_search_hits_open_a_proof(first_page: Any, statements_address: str) -> None:
    """The target of an address, also a later one, and a highlighted word."""
    inner = f"{statements_address}/book/first.html#equation-eq-inner"
    opened(first_page, inner)
    has_open(first_page, 1)
    opened(first_page, f"{statements_address}/book/second.html")
    opened(first_page, f"{statements_address}/book/first.html")
    first_page.evaluate("location.hash = '#proof-of-thm-main'")
    first_page.wait_for_function("document.getElementById('proof-of-thm-main').open")
    marked = "() => document.querySelectorAll('span.highlighted').length > 0"
    opened(first_page, f"{statements_address}/book/second.html?highlight=lemma")
    first_page.wait_for_function(marked)
    has_open(first_page, 2)
    # Control: a word that is in no proof.
    opened(first_page, f"{statements_address}/book/second.html?highlight=late")
    first_page.wait_for_function(marked)
    settled(first_page)
    has_open(first_page, 0)


def test_folded_claim_opens(first_page: Any, statements_address: str) -> None:
    """The link from a statement to its claim leads into a folded box and opens it."""
    first_page.locator("#thm-main .ntp-checked a").first.click()
    first_page.wait_for_selector("#claim-growth .ntp-claim-place", state="visible")
    # Control: the other claim stays folded.
    assert not first_page.locator("#claim-formula .ntp-claim-place").is_visible()


def test_nothing_jumps_when_proofs_fold(browser: Any, statements_address: str) -> None:
    """No frame shows an open proof that is then folded; where proofs are remembered as open, frames do."""
    page = browser.new_page(viewport={"width": DESKTOP, "height": 900})
    page.add_init_script(WATCH)
    opened(page, f"{statements_address}/book/first.html")
    settled(page)
    assert page.evaluate("window.shown") == 0
    assert page.evaluate(SHIFT) < 0.1
    page.get_by_role("button", name="Open all proofs").click()
    opened(page, f"{statements_address}/book/first.html")
    settled(page)
    assert page.evaluate("window.shown") > 0
    page.close()


def test_proofs_printopened(first_page: Any) -> None:
    """On paper every proof is open, and afterwards folded as before."""
    shown = "() => document.querySelector('#proof-of-thm-main p').checkVisibility({contentVisibilityAuto: true})"
    assert not first_page.evaluate(shown)
    first_page.emulate_media(media="print")
    first_page.wait_for_function(shown)
    first_page.emulate_media(media="screen")
    first_page.evaluate("dispatchEvent(new Event('beforeprint'))")
    has_open(first_page, 2)
    first_page.evaluate("dispatchEvent(new Event('afterprint'))")
    has_open(first_page, 0)


def test_without_scripts_everything_isopened(browser: Any, statements_address: str) -> None:
    """Proofs are read without scripts."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{statements_address}/book/first.html")
    assert page.locator("details.ntp-proof[open]").count() == 2
    assert page.get_by_text("By Lemma 2.1.").is_visible()
    context.close()
