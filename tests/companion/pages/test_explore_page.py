"""What a reader can do with the explorable page: by mouse, keys and touch, without motion, without scripts."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from book_browser import DESKTOP, TELEPHONE, faults, served
from explore_page import LIVE, STATIC, mathematics, small_page
from small_project import ROOT, small_project

from ntp_lib.companion.pages.site import build_site

pytestmark = pytest.mark.browser

SIZE_LIMIT = 110_000
BAD = "NaN|Infinity|undefined"
SMALL_TARGETS = """() => [...document.querySelectorAll('.nx button, .nx .hit, .nx-joint:not([hidden]), .nx input')]
  .map((e) => [e.outerHTML.slice(0, 60), e.getBoundingClientRect()])
  .filter(([, box]) => Math.min(box.width, box.height) < 24).map(([name]) => name)"""
# 2 to 5 contexts on a grid of 5°, where directions coincide and margins tie.
RANDOM_STATES = """(count) => { const page = LIVE, found = []; let seed = 1;
  const next = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let k = 0; k < count; k++) {
    page.state.contexts = Array.from({ length: 2 + (k % 4) }, () => {
      const p = Array.from({ length: 5 }, () => (next() < 0.5 ? 0 : 0.05 + next()));
      if (!p.some((v) => v)) p[0] = 1;
      const sum = p.reduce((a, b) => a + b);
      return { deg: 5 * Math.floor(72 * next()), len: 1, p: p.map((v) => v / sum) };
    });
    page.state.s = [-2, 0, 10, 100, 1000][k % 5];
    try { page.settle(k % 10 === 0); } catch (error) { found.push(k + ': ' + error.message); continue; }
    const bad = /.{30}(BAD).{20}/.exec(document.querySelector('.nx').innerHTML);
    if (bad) found.push(k + ': ' + bad[0]);
  }
  return found; }""".replace("LIVE", LIVE).replace("BAD", BAD)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a small book with the page in it."""
    project = small_project(tmp_path_factory.mktemp("explore"))
    small_page(project.root)
    with served(build_site(project).folder) as base:
        yield base


@pytest.fixture(scope="module")
def shared(browser: Any, site: str) -> Iterator[Any]:
    """One view of the page on a desktop; what it fetched and what went wrong is gathered in `fetched`, `wrong`."""
    view = browser.new_page(viewport={"width": DESKTOP, "height": 900})
    view.fetched, view.wrong = [], []
    view.on("request", lambda request: view.fetched.append(request.url))
    view.on("pageerror", lambda error: view.wrong.append(str(error)))
    view.goto(f"{site}/book/explore.html")
    yield view
    view.close()


@pytest.fixture
def view(shared: Any) -> Any:
    """The shared view with the first example, at rest."""
    _open(shared, "toy")
    return shared


def _open(view: Any, state: str) -> None:
    view.evaluate(f"(hash) => {LIVE}.open(NTP.state.fromHash(hash))", f"#toy={state}")
    _rest(view)


def _rest(view: Any) -> None:
    """Wait until the page has computed in full and written its address."""
    view.evaluate("new Promise((done) => setTimeout(done, 50))")
    view.evaluate(f"{LIVE}.settle(true)")


def _context(view: Any, j: int) -> dict[str, Any]:
    found: dict[str, Any] = view.evaluate(f"{LIVE}.state.contexts[{j}]")
    return found


def _scene(view: Any, what: str) -> Any:
    return view.evaluate(f"{LIVE}.scene.{what}")


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
    assert [_context(view, 2)["deg"], view.evaluate(f"[{LIVE}.state.s, {LIVE}.state.start]")] == [275, [141.5, 2]]
    view.close()


def test_without_scripts(browser: Any, site: str) -> None:
    """Readers without JavaScript get what the directive contains."""
    context = browser.new_context(java_script_enabled=False)
    view = context.new_page()
    view.goto(f"{site}/book/explore.html")
    assert view.locator("[data-ntp-explore] figure figcaption").inner_text().startswith("Growth.")
    context.close()


def test_keys_move_a_context(view: Any) -> None:
    """Arrow keys turn and stretch, Shift turns further, the new value is there for a screen reader."""
    star = view.locator(".nx-hand").nth(2)
    star.focus()
    for key in ("ArrowLeft", "Shift+ArrowLeft", "ArrowDown"):
        view.keyboard.press(key)
    _rest(view)
    assert _context(view, 2)["deg"] == pytest.approx(346)
    assert star.get_attribute("aria-valuetext") == "346 degrees, length 0.95"


def test_keys_switch_a_cell(view: Any) -> None:
    """Enter lets a word follow; rows keep the sum one; the last word cannot be taken away."""
    view.locator(".nx-cell").first.focus()
    view.keyboard.press("Enter")
    _rest(view)
    assert _context(view, 0)["p"][0] == pytest.approx(0.25)
    assert sum(_context(view, 0)["p"]) == pytest.approx(1, abs=1e-12)
    _open(view, "onehot")
    assert view.locator(".nx-cell[aria-pressed=true]:disabled").count() == 3


def test_a_verdict_is_announced_after_rest(view: Any) -> None:
    """The live region speaks once the data rest, and of both conditions."""
    _open(view, "inseparable")
    view.wait_for_function("document.querySelector('[aria-live]').textContent.includes('Separable: No')")
    assert view.locator("[aria-live]").inner_text().startswith("Compatible: Yes")


def test_the_challenge(view: Any) -> None:
    """Two times two: log 4 / 3 nats are missing, and 0.80 : 0.20 makes peace."""
    _open(view, "incompatible")
    assert _scene(view, "solved.comp.kappa") == pytest.approx(math.log(4) / 3, abs=1e-12)
    assert view.locator(".nx-hand.blamed").count() == 3
    view.get_by_role("slider", name="After B: share").focus()
    for key in ("Shift+ArrowRight",) * 6:
        view.keyboard.press(key)
    _rest(view)
    assert _context(view, 1)["p"][:2] == pytest.approx([0.8, 0.2], abs=1e-12)
    assert _scene(view, "solved.comp.holds")


def test_mouse_drags(view: Any) -> None:
    """A star follows the mouse and the unit circle holds it; a joint shifts probability."""
    star, plane = view.locator(".nx-hand").nth(2), view.locator(".nx-data svg")
    plane.scroll_into_view_if_needed()
    box, at = plane.bounding_box(), star.bounding_box()
    view.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    # The name beside the star belongs to it: press on the star itself.
    centre, radius = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2), box["width"] / 3
    place = [centre[0] + radius * math.cos(math.radians(330)), centre[1] - radius * math.sin(math.radians(330))]
    view.mouse.move(*place)
    view.mouse.down()
    view.mouse.move(centre[0] + 0.98 * radius, centre[1], steps=4)
    view.mouse.up()
    _rest(view)
    moved = _context(view, 2)
    assert min(moved["deg"], 360 - moved["deg"]) < 1
    assert moved["len"] == 1
    joint, bar = view.get_by_role("slider", name="After B").first, view.locator(".nx-bar:not(.thin)").nth(1)
    handle, box = joint.bounding_box(), bar.bounding_box()
    view.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + 8)
    view.mouse.down()
    view.mouse.move(box["x"] + 0.3 * box["width"], handle["y"] + 8, steps=4)
    view.mouse.up()
    _rest(view)
    assert _context(view, 1)["p"][0] == pytest.approx(0.3, abs=0.01)


def test_address_round_trip(browser: Any, site: str, view: Any) -> None:
    """The address at rest opens the same state elsewhere; a mangled one opens the first example."""
    view.locator(".nx-hand").first.focus()
    view.keyboard.press("Shift+ArrowLeft")
    view.get_by_role("button", name="Another start").click()
    view.wait_for_function("location.hash.startsWith('#toy=105,1,')")
    other = browser.new_page()
    other.goto(view.url)
    for what in ("contexts", "s", "start"):
        here, there = (page.evaluate(f"{LIVE}.state.{what}") for page in (view, other))
        assert str(there) == str(here) or there == pytest.approx(here, abs=0.006)
    for mangled in (
        "#toy=90,1,0",
        "#toy=%E0%A4%A",
        "#toy=toy|x|0",
        "#limits",
        "#toy=90,1,-1,0,0,0,2;0,1,1,0,0,0,0|1|0",
    ):
        other.goto("about:blank")
        other.goto(f"{site}/book/explore.html{mangled}")
        assert other.evaluate(f"{LIVE}.state.example") == "toy"
    other.close()


def test_random_states_draw(shared: Any) -> None:
    """Examples at every hour and random data on a coarse grid: every number on the page is one."""
    for example in ("toy", "incompatible", "inseparable", "onehot", "border"):
        for s in (-2, 25, 1000):
            _open(shared, f"{example}|{s}|0")
            assert not re.search(BAD, shared.locator(".nx").inner_html()), (example, s)
    assert shared.evaluate(RANDOM_STATES, 40) == []
    assert shared.wrong == []


def test_time_runs(view: Any) -> None:
    """The button lets time run on, until it is pressed again; at e^1000 the law is there, near ties it is not."""
    view.get_by_role("button", name="Train").click()
    view.wait_for_function(f"{LIVE}.state.s > 10.8")
    view.get_by_role("button", name="Pause").click()
    stopped = view.evaluate(f"{LIVE}.state.s")
    view.evaluate("new Promise((done) => setTimeout(done, 100))")
    assert view.evaluate(f"{LIVE}.state.s") == stopped
    for s, words in ((1, "no law yet"), (1000, "law: ")):
        _open(view, f"toy|{s}|0")
        assert words in view.locator(".nx-reading").inner_text()
    _open(view, "0,1,1,0,0,0,0;42,1.35,1,0,0,0,0|1000|0")
    assert "law: " not in view.locator(".nx-reading").inner_text()
    assert view.locator(".nx-note", has_text="No law yet").count() == 2


def test_without_motion(browser: Any, site: str) -> None:
    """Where motion is unwanted the button goes from landmark to landmark."""
    context = browser.new_context(reduced_motion="reduce")
    view = context.new_page()
    view.goto(f"{site}/book/explore.html")
    before = view.evaluate(f"{LIVE}.state.s")
    view.get_by_role("button", name="Next landmark").click()
    after = view.evaluate(f"{LIVE}.state.s")
    assert after > before + 10
    view.evaluate("new Promise((done) => setTimeout(done, 100))")
    assert view.evaluate(f"{LIVE}.state.s") == after
    context.close()


def test_on_paper(view: Any) -> None:
    """Printed, the page shows its present state in full and no controls; on screen the table has its heads."""
    assert view.get_by_role("columnheader", name="word 5").is_visible()
    _open(view, "border|141|0")
    view.evaluate("dispatchEvent(new Event('beforeprint'))")
    view.emulate_media(media="print")
    shown = (".nx-data svg", ".nx-cell", ".nx-card", ".nx-land canvas", ".nx-charts svg", ".nx-reading")
    assert [name for name in shown if not view.locator(name).first.is_visible()] == []
    controls = (".nx-presets", ".nx-tools", ".nx-play", ".nx-slide", ".nx-joint")
    assert [name for name in controls if view.locator(name).first.is_visible()] == []
    assert "e¹⁴¹" in view.locator(".nx-clock").inner_text()
    view.emulate_media(media="screen")


def test_touch(browser: Any, site: str) -> None:
    """On a telephone a finger on a star drags it, one beside it scrolls, and all targets are large enough."""
    context = browser.new_context(viewport={"width": TELEPHONE, "height": 844}, has_touch=True, is_mobile=True)
    view = context.new_page()
    view.goto(f"{site}/book/explore.html")
    assert view.evaluate(SMALL_TARGETS) == []
    view.evaluate("document.querySelector('.nx-say').scrollIntoView()")
    devtools = context.new_cdp_session(view)

    def swipe(x: float, y: float, dx: float, dy: float) -> tuple[float, float]:
        before = view.evaluate("scrollY"), _context(view, 1)["deg"]
        for kind, part in [("Start", 0.0), *(("Move", i / 5) for i in range(1, 6)), ("End", 1.0)]:
            points = [] if kind == "End" else [{"x": x + part * dx, "y": y + part * dy}]
            devtools.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
            view.evaluate("new Promise(requestAnimationFrame)")
        view.evaluate("new Promise((done) => setTimeout(done, 200))")
        return view.evaluate("scrollY") - before[0], _context(view, 1)["deg"] - before[1]

    star, plane = (
        view.locator(".nx-hand").nth(1).locator(".star").bounding_box(),
        view.locator(".nx-data svg").bounding_box(),
    )
    scrolled, turned = swipe(star["x"] + star["width"] / 2, star["y"] + star["height"] / 2, 20, 60)
    assert scrolled == 0
    assert abs(turned) > 5
    scrolled, turned = swipe(plane["x"] + 40, plane["y"] + 200, 0, -120)
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
