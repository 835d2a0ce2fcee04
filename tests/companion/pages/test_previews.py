"""What a reader sees of a statement before following a link, and how it is cited; by mouse or key."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from book_browser import DESKTOP
from first_chapter import first_chapter

pytestmark = pytest.mark.browser

BOX = "#ntp-preview"
SHOWN = f"""() => {{ const box = document.querySelector('{BOX}');
  return !!box && !box.hidden && !box.style.visibility; }}"""
FORMULAS = f"""() => [...document.querySelectorAll('{BOX} .math')].map(
  (m) => parseFloat(m.querySelector('mjx-container > svg')?.getAttribute('width')) > 0)"""


@pytest.fixture
def address(book_of_statements: Path) -> str:
    """Address of the book on the disk: everything here works without a server."""
    return book_of_statements.as_uri()


@pytest.fixture
def view(browser: Any, address: str) -> Iterator[Any]:
    """The first chapter."""
    with first_chapter(browser, address) as page:
        yield page


def _link(view: Any, target: str) -> Any:
    return view.locator(f".bd-article p a[href$='{target}']").first


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("#lem-late", "It is late."),
        ("glossary.html#term-anchor", "One token chosen in each support"),
        ("#equation-eq-main", "(2."),
        ("bibliography.html#", "Geometrical and"),
    ],
)
def test_preview_under_the_pointer(view: Any, target: str, words: str) -> None:
    """Statements, terms, formulas and sources, with formulas typeset; the box leaves with the pointer."""
    link = view.locator(".bd-article p").first.locator(f"a[href*='{target}']").first
    view.evaluate("scrollTo(0, 0)")
    view.evaluate("document.getElementById('thm-main').style.marginTop = '1200px'")  # out of sight
    link.hover()
    view.wait_for_function(SHOWN)
    assert words in view.inner_text(BOX)
    assert all(view.evaluate(FORMULAS))
    own_ids = f"document.querySelectorAll('{BOX} [id]:not(mjx-container *)').length"
    assert view.evaluate(own_ids) == 0
    inside = view.locator(BOX).bounding_box()
    assert inside["x"] >= 0
    assert inside["x"] + inside["width"] <= DESKTOP
    view.mouse.move(inside["x"] + 20, inside["y"] + 10, steps=5)
    view.wait_for_timeout(400)
    assert view.evaluate(SHOWN), "the pointer may enter the box"
    view.mouse.move(5, 890)
    view.wait_for_function(f"() => document.querySelector('{BOX}').hidden")


def test_nothing_is_shown_without_a_reason(view: Any) -> None:
    """Controls: a link with no entry, a target in sight, a tap."""
    nowhere = "<a id=no href=#nowhere>x</a>"
    view.evaluate(f"document.querySelector('.bd-article p a').insertAdjacentHTML('afterend', '{nowhere}')")
    view.hover("#no")
    view.wait_for_timeout(600)
    assert not view.evaluate(SHOWN)
    view.locator("#thm-main a[href='#def-size']").hover()
    view.wait_for_timeout(600)
    assert not view.evaluate(SHOWN)
    view.mouse.move(5, 890)
    view.evaluate(
        "document.querySelector(\"a[href$='#lem-late']\").dispatchEvent("
        "new PointerEvent('pointerover', {bubbles: true, pointerType: 'touch'}))"
    )
    view.wait_for_timeout(600)
    assert not view.evaluate(SHOWN)


def test_preview_by_keyboard(view: Any) -> None:
    """Focus shows and describes, Escape closes, leaving closes."""
    link = _link(view, "#lem-late")
    link.evaluate("(a) => a.previousElementSibling.focus()")
    view.keyboard.press("Tab")
    view.wait_for_function(SHOWN)
    assert link.get_attribute("aria-describedby") == "ntp-preview"
    view.keyboard.press("Escape")
    assert not view.evaluate(SHOWN)
    assert link.get_attribute("aria-describedby") is None
    view.keyboard.press("Shift+Tab")
    view.keyboard.press("Tab")
    view.wait_for_function(SHOWN)
    view.evaluate("document.activeElement.blur()")
    view.wait_for_function(f"() => document.querySelector('{BOX}').hidden")


def test_previewed_links_lead_where_they_should(view: Any, book_of_statements: Path) -> None:
    """A link inside a box starts at the book's root, not at the page that shows it."""
    view.locator("a[href*='term-anchor']").first.hover()
    view.wait_for_function(SHOWN)
    target = view.locator(f"{BOX} a").first.evaluate("(a) => a.href")
    assert target == (book_of_statements / "book" / "first.html").as_uri() + "#def-size"


def test_cite_goes_to_the_clipboard(view: Any) -> None:
    """The button copies; where that is forbidden it shows the entry, selected."""
    view.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }")
    button = view.locator("#thm-main .ntp-cite")
    # In one breath: what the button says then is gone after a second or two.
    said = button.evaluate(
        "async (button) => { button.click(); await new Promise(setTimeout); return button.innerText; }"
    )
    assert said == "Copied"
    assert "ntp-thm-main" in view.evaluate("window.copied")
    view.evaluate("() => { navigator.clipboard.writeText = async () => { throw new Error('no'); }; }")
    view.locator("#def-size .ntp-cite").click()
    text = view.locator(".ntp-cite-entry textarea")
    assert "ntp-def-size" in text.input_value()
    assert "ntp-def-size" in view.evaluate("getSelection().toString() || document.activeElement.value")
    view.keyboard.press("Escape")
    assert view.locator(".ntp-cite-entry").count() == 0
