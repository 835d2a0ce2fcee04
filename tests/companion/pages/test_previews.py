"""What a reader does with statements: preview, cite, fold proofs, follow the map; from a file, by mouse or key."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from book_browser import DESKTOP, TELEPHONE, faults, served
from statements_book import statements_book

from ntp_lib.companion.pages.site import build_site

pytestmark = pytest.mark.browser

BOX = "#ntp-preview"
SHOWN = f"""() => {{ const box = document.querySelector('{BOX}');
  return !!box && !box.hidden && !box.style.visibility; }}"""
FORMULAS = f"""() => [...document.querySelectorAll('{BOX} .math')].map(
  (m) => parseFloat(m.querySelector('mjx-container > svg')?.getAttribute('width')) > 0)"""
OPEN_PROOFS = "() => [...document.querySelectorAll('details.ntp-proof')].filter((proof) => proof.open).length"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small book of statements, built."""
    return build_site(statements_book(tmp_path_factory.mktemp("previews"))).folder


@pytest.fixture(scope="module")
def address(folder: Path) -> str:
    """Its address on the disk: everything here works without a server."""
    return folder.as_uri()


@pytest.fixture
def view(browser: Any, address: str) -> Iterator[Any]:
    """The first chapter, as opened from a file; what went wrong is gathered in `wrong`."""
    context = browser.new_context(viewport={"width": DESKTOP, "height": 900})
    page = context.new_page()
    page.wrong = []
    page.on("console", lambda m: page.wrong.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    _open(page, f"{address}/book/first.html")
    yield page
    assert page.wrong == []
    context.close()


def _open(page: Any, address: str) -> None:
    page.goto(address, wait_until="load")
    page.evaluate("window.MathJax?.startup?.promise")


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


def test_previewed_links_lead_where_they_should(view: Any, folder: Path) -> None:
    """A link inside a box starts at the book's root, not at the page that shows it."""
    view.locator("a[href*='term-anchor']").first.hover()
    view.wait_for_function(SHOWN)
    target = view.locator(f"{BOX} a").first.evaluate("(a) => a.href")
    assert target == (folder / "book" / "first.html").as_uri() + "#def-size"


def test_cite_goes_to_the_clipboard(view: Any) -> None:
    """The button copies; where that is forbidden it shows the entry, selected."""
    view.evaluate("() => { navigator.clipboard.writeText = async (text) => { window.copied = text; }; }")
    button = view.locator("#thm-main .ntp-cite")
    button.click()
    assert "ntp-thm-main" in view.evaluate("window.copied")
    assert button.inner_text() == "Copied"
    view.evaluate("() => { navigator.clipboard.writeText = async () => { throw new Error('no'); }; }")
    view.locator("#def-size .ntp-cite").click()
    text = view.locator(".ntp-cite-entry textarea")
    assert "ntp-def-size" in text.input_value()
    assert "ntp-def-size" in view.evaluate("getSelection().toString() || document.activeElement.value")
    view.keyboard.press("Escape")
    assert view.locator(".ntp-cite-entry").count() == 0


def test_proofs_fold_and_the_page_remembers(view: Any, address: str) -> None:
    """Folded at first; one button opens and closes all; the next visit finds what the last one left."""
    assert view.evaluate(OPEN_PROOFS) == 0
    view.get_by_role("button", name="Open all proofs").click()
    assert view.evaluate(OPEN_PROOFS) == 2
    _open(view, f"{address}/book/first.html")
    assert view.evaluate(OPEN_PROOFS) == 2
    _open(view, f"{address}/book/second.html")
    assert view.evaluate(OPEN_PROOFS) == 0, "each page has its own memory"
    _open(view, f"{address}/book/first.html")
    view.get_by_role("button", name="Close all proofs").click()
    _open(view, f"{address}/book/first.html")
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
    _open(page, f"{address}/book/first.html")
    page.get_by_role("button", name="Open all proofs").click()
    assert page.evaluate(OPEN_PROOFS) == 2
    assert wrong == []
    page.close()


def test_links_and_search_hits_open_a_proof(view: Any, address: str) -> None:
    """The target of an address, also a later one, and a highlighted word."""
    inner = f"{address}/book/first.html#equation-eq-inner"
    _open(view, inner)
    assert view.evaluate(OPEN_PROOFS) == 1
    _open(view, f"{address}/book/second.html")
    _open(view, f"{address}/book/first.html")
    view.evaluate("location.hash = '#proof-of-thm-main'")
    view.wait_for_function("document.getElementById('proof-of-thm-main').open")
    _open(view, f"{address}/book/second.html?highlight=late")
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
    _open(page, f"{address}/book/first.html")
    page.wait_for_timeout(300)
    assert page.evaluate("window.shift") < 0.1
    page.close()


def test_proofs_print_open(view: Any) -> None:
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


def test_without_scripts_everything_is_open(browser: Any, address: str) -> None:
    """Proofs are read without scripts."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/book/first.html")
    assert page.locator("details.ntp-proof[open]").count() == 2
    assert page.get_by_text("By Lemma 2.1.").is_visible()
    context.close()


@pytest.mark.parametrize(("width", "kind"), [(DESKTOP, "wide"), (TELEPHONE, "narrow")])
def test_map_lights_what_a_statement_rests_on(view: Any, address: str, width: int, kind: str) -> None:
    """By pointer and by focus: all ancestors and nothing else; the drawing fits and its type is not scaled."""
    view.set_viewport_size({"width": width, "height": 900})
    _open(view, f"{address}/book/argument.html")
    drawing = view.locator(f".ntp-map-{kind}")
    box = drawing.bounding_box()
    assert box["x"] + box["width"] <= width
    assert view.locator(".ntp-map:visible").count() == 1
    sizes = "all => all.map((text) => parseFloat(getComputedStyle(text).fontSize))"
    assert min(drawing.locator("text").evaluate_all(sizes)) >= 12
    lit = f"() => [...document.querySelectorAll('.ntp-map-{kind} a.lit')].map((a) => a.dataset.label).sort()"
    ancestors = ["cor-last", "def-size", "lem-helper", "lem-late", "thm-main"]
    drawing.locator("[data-label=cor-last]").hover()
    assert view.evaluate(lit) == ancestors
    view.mouse.move(2, 2)
    assert view.evaluate(lit) == []
    drawing.locator("[data-label=lem-helper]").focus()
    assert view.evaluate(lit) == ["def-size", "lem-helper"]
    assert view.locator(f".ntp-map-{kind} path.lit").count() == 1


def test_pages_are_faultless(browser: Any, folder: Path) -> None:
    """Wide and narrow, light and dark, no page of the small book has a fault; nothing folded is left untypeset."""
    with served(folder) as base:
        for page in ("first", "second", "argument", "claims", "glossary"):
            assert faults(browser, base, f"book/{page}.html") == []
