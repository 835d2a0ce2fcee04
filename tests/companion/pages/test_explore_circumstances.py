"""The explorable page in other circumstances: on a telephone, without motion or scripts, from a link."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from book_browser import TELEPHONE, faults, served
from explore_page import LIVE, STATIC, context_of, mathematics
from small_project import ROOT
from waiting import settled

pytestmark = pytest.mark.browser

SIZE_LIMIT = 110_000
SMALL_TARGETS = """() => [...document.querySelectorAll('.nx button, .nx .hit, .nx-joint:not([hidden]), .nx input')]
  .map((e) => [e.outerHTML.slice(0, 60), e.getBoundingClientRect()])
  .filter(([, box]) => Math.min(box.width, box.height) < 24).map(([name]) => name)"""


@pytest.fixture(scope="module")
def site(book_that_moves: Path) -> Iterator[str]:
    """Address of a small book with the page in it."""
    with served(book_that_moves) as base:
        yield base


def test_size() -> None:
    """Scripts and styles of the page together stay below 110 KB, unpacked and readable."""
    assert sum(path.stat().st_size for path in STATIC.iterdir()) <= SIZE_LIMIT


def test_faultless(browser: Any, site: str) -> None:
    """Wide and narrow, light and dark: nothing fetched from elsewhere, nothing sideways, no error."""
    assert faults(browser, site, "book/explore.html") == []


def test_only_where_it_is_wanted(browser: Any, site: str) -> None:
    """Other pages load none of it, and a chapter's link opens the state that it names."""
    view = browser.new_page()
    view.goto(f"{site}/book/chapter.html")
    assert view.locator("script[src*='explore/'], link[href*='explore/']").count() == 0
    view.get_by_role("link", name="Turn C").click()
    view.wait_for_selector(".nx")
    assert [context_of(view, 2)["deg"], view.evaluate(f"[{LIVE}.state.s, {LIVE}.state.start]")] == [
        275,
        [141.5, 2],
    ]
    view.close()


def test_without_scripts(browser: Any, site: str) -> None:
    """Readers without JavaScript get what the directive contains."""
    context = browser.new_context(java_script_enabled=False)
    view = context.new_page()
    view.goto(f"{site}/book/explore.html")
    assert view.locator("[data-ntp-explore] figure figcaption").inner_text().startswith("Growth.")
    context.close()


def test_without_motion(browser: Any, site: str) -> None:
    """Where motion is unwanted the button goes from landmark to landmark."""
    context = browser.new_context(reduced_motion="reduce")
    view = context.new_page()
    view.goto(f"{site}/book/explore.html")
    before = view.evaluate(f"{LIVE}.state.s")
    view.get_by_role("button", name="Next landmark").click()
    after = view.evaluate(f"{LIVE}.state.s")
    assert after > before + 10
    settled(view)
    assert view.evaluate(f"{LIVE}.state.s") == after
    context.close()


def test_touch(browser: Any, site: str) -> None:
    """On a telephone a finger on a star drags it, one beside it scrolls, and all targets are large enough."""
    context = browser.new_context(viewport={"width": TELEPHONE, "height": 844}, has_touch=True, is_mobile=True)
    view = context.new_page()
    view.goto(f"{site}/book/explore.html")
    assert view.evaluate(SMALL_TARGETS) == []
    view.evaluate("document.querySelector('.nx-say').scrollIntoView()")
    devtools = context.new_cdp_session(view)

    scroll, turn = "scrollY", f"{LIVE}.state.contexts[1].deg"

    def places() -> dict[str, Any]:
        return {place: view.evaluate(place) for place in (scroll, turn)}

    def swipe(x: float, y: float, dx: float, dy: float, moves: str) -> tuple[float, float]:
        before = places()
        for kind, part in [("Start", 0.0), *(("Move", i / 5) for i in range(1, 6)), ("End", 1.0)]:
            points = [] if kind == "End" else [{"x": x + part * dx, "y": y + part * dy}]
            devtools.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
            view.evaluate("new Promise(requestAnimationFrame)")
        view.wait_for_function(f"(before) => {moves} !== before", arg=before[moves])
        settled(view)
        after = places()
        return after[scroll] - before[scroll], after[turn] - before[turn]

    star, plane = (
        view.locator(".nx-hand").nth(1).locator(".star").bounding_box(),
        view.locator(".nx-data svg").bounding_box(),
    )
    scrolled, turned = swipe(star["x"] + star["width"] / 2, star["y"] + star["height"] / 2, 20, 60, turn)
    assert scrolled == 0
    assert abs(turned) > 5
    scrolled, turned = swipe(plane["x"] + 40, plane["y"] + 200, 0, -120, scroll)
    assert scrolled != 0
    assert turned == 0
    context.close()


def test_links_of_the_book_open_states(browser: Any) -> None:
    """Every `ntp-try` of the book names a state that the page can read."""
    sources = [*sorted((ROOT / "book").glob("*.md")), *sorted((ROOT / "notebooks").glob("*.ipynb"))]
    named = [(path.name, state) for path in sources for state in _named_states(path)]
    assert len(named) >= 8
    view = mathematics(browser)
    for where, state in named:
        assert view.evaluate("(hash) => NTP.state.fromHash(hash)", f"#toy={state}"), (where, state)
    view.close()


def _named_states(path: Path) -> list[str]:
    return re.findall(r"\{ntp-try\}`[^`]*<([^`>]*)>`", path.read_text("utf-8"))
