"""What a reader does with the explorable page, by mouse and keys; every number on it is one."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from book_browser import DESKTOP, served
from explore_page import LIVE, address, context_of, rest, show
from waiting import settled

pytestmark = pytest.mark.browser

BAD = "NaN|Infinity|undefined"
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
def site(book_that_moves: Path) -> Iterator[str]:
    """Address of a small book with the page in it."""
    with served(book_that_moves) as base:
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
    show(shared, "toy")
    return shared


def _scene(view: Any, what: str) -> Any:
    return view.evaluate(f"{LIVE}.scene.{what}")


def test_keys_move_acontext_of(view: Any) -> None:
    """Arrow keys turn and stretch, Shift turns further, the new value is there for a screen reader."""
    star = view.locator(".nx-hand").nth(2)
    star.focus()
    for key in ("ArrowLeft", "Shift+ArrowLeft", "ArrowDown"):
        view.keyboard.press(key)
    rest(view)
    assert context_of(view, 2)["deg"] == pytest.approx(346)
    assert star.get_attribute("aria-valuetext") == "346 degrees, length 0.95"


def test_keys_switch_a_cell(view: Any) -> None:
    """Enter lets a word follow; rows keep the sum one; the last word cannot be taken away."""
    view.locator(".nx-cell").first.focus()
    view.keyboard.press("Enter")
    rest(view)
    assert context_of(view, 0)["p"][0] == pytest.approx(0.25)
    assert sum(context_of(view, 0)["p"]) == pytest.approx(1, abs=1e-12)
    show(view, "onehot")
    assert view.locator(".nx-cell[aria-pressed=true]:disabled").count() == 3


def test_a_verdict_is_announced_afterrest(view: Any) -> None:
    """The live region speaks once the data rest, and of both conditions."""
    show(view, "inseparable")
    said = "document.querySelector('[aria-live]').textContent"
    view.wait_for_function(f"{said}.startsWith('Compatible: Yes') && {said}.includes('Separable: No')")


def test_the_challenge(view: Any) -> None:
    """Two times two: log 4 / 3 nats are missing, and 0.80 : 0.20 makes peace."""
    show(view, "incompatible")
    assert _scene(view, "solved.comp.kappa") == pytest.approx(math.log(4) / 3, abs=1e-12)
    assert view.locator(".nx-hand.blamed").count() == 3
    view.get_by_role("slider", name="After B: share").focus()
    for key in ("Shift+ArrowRight",) * 6:
        view.keyboard.press(key)
    rest(view)
    assert context_of(view, 1)["p"][:2] == pytest.approx([0.8, 0.2], abs=1e-12)
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
    rest(view)
    moved = context_of(view, 2)
    assert min(moved["deg"], 360 - moved["deg"]) < 1
    assert moved["len"] == 1
    joint, bar = view.get_by_role("slider", name="After B").first, view.locator(".nx-bar:not(.thin)").nth(1)
    handle, box = joint.bounding_box(), bar.bounding_box()
    view.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + 8)
    view.mouse.down()
    view.mouse.move(box["x"] + 0.3 * box["width"], handle["y"] + 8, steps=4)
    view.mouse.up()
    rest(view)
    assert context_of(view, 1)["p"][0] == pytest.approx(0.3, abs=0.01)


def test_address_round_trip(browser: Any, site: str, view: Any) -> None:
    """The address at rest opens the same state elsewhere; a mangled one opens the first example."""
    view.locator(".nx-hand").first.focus()
    view.keyboard.press("Shift+ArrowLeft")
    view.get_by_role("button", name="Another start").click()
    written = address(view)
    assert "#toy=105,1," in written
    other = browser.new_page()
    other.goto(written)
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
            show(shared, f"{example}|{s}|0")
            assert not re.search(BAD, shared.locator(".nx").inner_html()), (example, s)
    assert shared.evaluate(RANDOM_STATES, 40) == []
    assert shared.wrong == []


def test_time_runs(view: Any) -> None:
    """The button lets time run on, until it is pressed again; at e^1000 the law is there, near ties it is not."""
    view.get_by_role("button", name="Train").click()
    view.wait_for_function(f"{LIVE}.state.s > 10.8")
    view.get_by_role("button", name="Pause").click()
    stopped = view.evaluate(f"{LIVE}.state.s")
    settled(view)
    assert view.evaluate(f"{LIVE}.state.s") == stopped
    for s, words in ((1, "no law yet"), (1000, "law: ")):
        show(view, f"toy|{s}|0")
        assert words in view.locator(".nx-reading").inner_text()
    show(view, "0,1,1,0,0,0,0;42,1.35,1,0,0,0,0|1000|0")
    assert "law: " not in view.locator(".nx-reading").inner_text()
    assert view.locator(".nx-note", has_text="No law yet").count() == 2


def test_on_paper(view: Any) -> None:
    """Printed, the page shows its present state in full and no controls; on screen the table has its heads."""
    assert view.get_by_role("columnheader", name="word 5").is_visible()
    show(view, "border|141|0")
    view.evaluate("dispatchEvent(new Event('beforeprint'))")
    view.emulate_media(media="print")
    shown = (".nx-data svg", ".nx-cell", ".nx-card", ".nx-land canvas", ".nx-charts svg", ".nx-reading")
    assert [name for name in shown if not view.locator(name).first.is_visible()] == []
    controls = (".nx-presets", ".nx-tools", ".nx-play", ".nx-slide", ".nx-joint")
    assert [name for name in controls if view.locator(name).first.is_visible()] == []
    assert "e¹⁴¹" in view.locator(".nx-clock").inner_text()
    view.emulate_media(media="screen")
    view.evaluate("dispatchEvent(new Event('afterprint'))")
