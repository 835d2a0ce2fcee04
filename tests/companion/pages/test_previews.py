"""What a reader sees of a statement before following a link, and how it is cited; by mouse or key."""

from pathlib import Path
from typing import Any

import pytest
from book_browser import DESKTOP

pytestmark = pytest.mark.browser

BOX = "#ntp-preview"
DELAY = 250  # ms, of previews.js: from pointing at a link to the box, and from leaving both to its going
SHOWN = f"""() => {{ const box = document.querySelector('{BOX}');
  return !!box && !box.hidden && !box.style.visibility; }}"""
HIDDEN = f"() => document.querySelector('{BOX}').hidden"
FORMULAS = f"""() => [...document.querySelectorAll('{BOX} .math')].map(
  (m) => parseFloat(m.querySelector('mjx-container > svg')?.getAttribute('width')) > 0)"""


def _stop_time(page: Any) -> Any:
    """Return the clock of the page, which stands still from now on: a pointer is in time whatever else runs."""
    page.clock.install(time=0)
    page.clock.pause_at(3600)
    return page.clock


def _link(first_page: Any, target: str) -> Any:
    return first_page.locator(f".bd-article p a[href$='{target}']").first


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("#lem-late", "It is late."),
        ("glossary.html#term-anchor", "One token chosen in each support"),
        ("#equation-eq-main", "(2."),
        ("bibliography.html#", "Geometrical and"),
    ],
)
def test_preview_under_the_pointer(first_page: Any, target: str, words: str) -> None:
    """Statements, terms, formulas and sources, with formulas typeset; the box leaves with the pointer."""
    link = first_page.locator(".bd-article p").first.locator(f"a[href*='{target}']").first
    first_page.evaluate("scrollTo(0, 0)")
    first_page.evaluate("document.getElementById('thm-main').style.marginTop = '1200px'")  # out of sight
    clock = _stop_time(first_page)
    link.hover()
    clock.run_for(DELAY - 1)
    assert not first_page.evaluate(SHOWN)
    clock.run_for(1)
    first_page.wait_for_function(SHOWN)
    assert words in first_page.inner_text(BOX)
    assert all(first_page.evaluate(FORMULAS))
    own_ids = f"document.querySelectorAll('{BOX} [id]:not(mjx-container *)').length"
    assert first_page.evaluate(own_ids) == 0
    inside = first_page.locator(BOX).bounding_box()
    assert inside["x"] >= 0
    assert inside["x"] + inside["width"] <= DESKTOP
    first_page.mouse.move(inside["x"] + 20, inside["y"] + 10, steps=5)
    clock.run_for(2 * DELAY)
    assert first_page.evaluate(SHOWN), "the pointer may enter the box"
    first_page.mouse.move(5, 890)
    clock.run_for(DELAY)
    assert first_page.evaluate(HIDDEN)


def test_nothing_is_shown_without_a_reason(first_page: Any) -> None:
    """A link with no entry, a target in sight, a tap; the control is a link that has its box in the same time."""
    clock = _stop_time(first_page)
    _link(first_page, "#lem-late").hover()
    clock.run_for(DELAY)
    first_page.wait_for_function(SHOWN)
    first_page.mouse.move(5, 890)
    clock.run_for(DELAY)
    assert first_page.evaluate(HIDDEN)
    nowhere = "<a id=no href=#nowhere>x</a>"
    first_page.evaluate(f"document.querySelector('.bd-article p a').insertAdjacentHTML('afterend', '{nowhere}')")
    first_page.hover("#no")
    clock.run_for(2 * DELAY)
    assert first_page.evaluate(HIDDEN)
    first_page.locator("#thm-main a[href='#def-size']").hover()
    clock.run_for(2 * DELAY)
    assert first_page.evaluate(HIDDEN)
    first_page.mouse.move(5, 890)
    first_page.evaluate(
        "document.querySelector(\"a[href$='#lem-late']\").dispatchEvent("
        "new PointerEvent('pointerover', {bubbles: true, pointerType: 'touch'}))"
    )
    clock.run_for(2 * DELAY)
    assert first_page.evaluate(HIDDEN)


def test_preview_by_keyboard(first_page: Any) -> None:
    """Focus shows and describes, Escape closes, leaving closes."""
    link = _link(first_page, "#lem-late")
    link.evaluate("(a) => a.previousElementSibling.focus()")
    first_page.keyboard.press("Tab")
    # Not the box of the link that had the focus before.
    first_page.wait_for_function("document.activeElement.getAttribute('aria-describedby') === 'ntp-preview'")
    assert link.evaluate("(a) => a === document.activeElement")
    assert first_page.evaluate(SHOWN)
    first_page.keyboard.press("Escape")
    first_page.wait_for_function(HIDDEN)
    assert link.get_attribute("aria-describedby") is None
    first_page.keyboard.press("Shift+Tab")
    first_page.keyboard.press("Tab")
    first_page.wait_for_function(SHOWN)
    first_page.evaluate("document.activeElement.blur()")
    first_page.wait_for_function(HIDDEN)


def test_previewed_links_lead_where_they_should(first_page: Any, book_of_statements: Path) -> None:
    """A link inside a box starts at the book's root, not at the page that shows it."""
    first_page.locator("a[href*='term-anchor']").first.hover()
    first_page.wait_for_function(SHOWN)
    target = first_page.locator(f"{BOX} a").first.evaluate("(a) => a.href")
    assert target == (book_of_statements / "book" / "first.html").as_uri() + "#def-size"


def test_cite_goes_to_the_clipboard(first_page: Any) -> None:
    """The button copies; where that is forbidden it shows the entry, selected."""
    first_page.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }")
    button = first_page.locator("#thm-main .ntp-cite")
    # In one breath: what the button says then is gone after a second or two.
    said = button.evaluate(
        "async (button) => { button.click(); await new Promise(setTimeout); return button.innerText; }"
    )
    assert said == "Copied"
    assert "ntp-thm-main" in first_page.evaluate("window.copied")
    first_page.evaluate("() => { navigator.clipboard.writeText = async () => { throw new Error('no'); }; }")
    first_page.locator("#def-size .ntp-cite").click()
    text = first_page.locator(".ntp-cite-entry textarea")
    assert "ntp-def-size" in text.input_value()
    assert "ntp-def-size" in first_page.evaluate("getSelection().toString() || document.activeElement.value")
    first_page.keyboard.press("Escape")
    # The browser says that a dialog has closed a moment after it has.
    first_page.wait_for_selector(".ntp-cite-entry", state="detached")
