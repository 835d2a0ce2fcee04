"""Pages load what they use: of all icons those that are named, and the search index where one searches."""

import os
import re
from pathlib import Path
from shutil import copytree
from types import ModuleType
from typing import Any

import pytest
from book_browser import served
from extension import extension
from small_project import ROOT
from waiting import SHIFT

HTML = Path(os.environ.get("BOOK_HTML") or ROOT / "_build" / "html").resolve()
# Of the landing page; a page that has formulas, and the theme's own script of icons, is above it.
MOST_BYTES = 3_000_000
SCRIPT = (
    'x={"arrow-up":[384,512,[8593],"f062","M0 0z"],bars:[448,512,["navicon"],"f0c9","M1 1z"],'
    'wolf:[512,512,[],"f514",["M2 2z","M3 3z"]]};y=[1]'
)


@pytest.fixture(scope="module")
def weight() -> ModuleType:
    module: ModuleType = extension("weight")
    return module


@pytest.fixture(scope="module")
def small(small_book: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small book's pages: a test changes one of their scripts."""
    return Path(copytree(small_book, tmp_path_factory.mktemp("weight") / "html"))


@pytest.mark.parametrize(
    ("names", "kept"),
    [({"arrow-up"}, ["arrow-up"]), ({"navicon"}, ["bars"]), ({"wolf", "bars"}, ["bars", "wolf"]), ({"bar"}, [])],
)
def test_named_icons_are_kept(weight: ModuleType, names: set[str], kept: list[str]) -> None:
    text = weight.reduced(SCRIPT, names)
    assert re.findall(r"([a-z-]+)\"?:\[\d", text) == kept
    assert text.startswith("x={")
    assert text.endswith("};y=[1]")


def test_a_script_of_another_form_is_refused(weight: ModuleType) -> None:
    with pytest.raises(weight.ExtensionError, match="has changed its form"):
        weight.reduced("x={bars:{path:'M0'}}", {"bars"})


def icons(view: Any) -> tuple[list[str], list[str]]:
    """Names of the icons on a page that are drawn, and of those in whose place a moving question mark stands."""
    # A placeholder has its icon, or the question mark, in a frame of its own.
    view.wait_for_selector("svg.svg-inline--fa", state="attached")
    view.wait_for_function("!document.querySelector('i.fa-solid, i.fa-brands, i.fa-regular, i.fas, i.fab, i.far')")
    found = view.evaluate("""() => [...document.querySelectorAll('svg.svg-inline--fa')].map(
      icon => [icon.dataset.icon, Boolean(icon.querySelector('animate'))])""")
    return [name for name, unknown in found if not unknown], [name for name, unknown in found if unknown]


def loaded(browser: Any, address: str) -> dict[str, int]:
    """Bytes of everything a page loads, by address."""
    view = browser.new_page()
    responses: list[Any] = []
    view.on("response", lambda response: responses.append(response))
    view.goto(address, wait_until="networkidle")
    sizes = {response.url: len(response.body()) for response in responses}
    view.close()
    return sizes


@pytest.mark.browser
@pytest.mark.skipif(not HTML.is_dir(), reason=f"no built book in {HTML}: make book")
def test_landing_page_of_the_book_is_light(browser: Any) -> None:
    with served(HTML) as base:
        landing, chapter = (loaded(browser, f"{base}/book/{name}.html") for name in ("index", "margin"))
    assert sum(landing.values()) < MOST_BYTES < sum(chapter.values())


@pytest.mark.browser
def test_icons_are_drawn_and_the_index_is_loaded_where_one_searches(browser: Any, small: Path) -> None:
    with served(small) as base:
        view = browser.new_page()
        view.goto(f"{base}/book/index.html", wait_until="networkidle")
        drawn, unknown = icons(view)
        view.close()
        page, results = (loaded(browser, f"{base}/{name}") for name in ("book/index.html", "search.html?q=grow"))
    assert "bars" in drawn
    assert unknown == []
    assert [url for url in page if "searchindex" in url] == []
    assert [url for url in results if "searchindex" in url]


@pytest.mark.browser
def test_an_icon_that_was_cut_away_is_missed(browser: Any, weight: ModuleType, small: Path) -> None:
    """The control: without the names of the page its icons are not drawn."""
    script = small / weight.ICONS
    whole = script.read_text("utf-8")
    try:
        script.write_text(weight.reduced(whole, {"sun"}), "utf-8")
        with served(small) as base:
            view = browser.new_page()
            view.goto(f"{base}/book/index.html", wait_until="networkidle")
            drawn, unknown = icons(view)
            view.close()
    finally:
        script.write_text(whole, "utf-8")
    assert "bars" in unknown
    assert "bars" not in drawn


def shift(browser: Any, address: str, width: int, without: str = "") -> float:
    """Layout shift of a page until it has come to rest, maybe without one of its style sheets."""
    view = browser.new_page(viewport={"width": width, "height": 900})
    if without:
        view.route(f"**/{without}*", lambda route: route.fulfill(body="", content_type="text/css"))
    view.goto(address, wait_until="networkidle")
    view.evaluate("window.MathJax?.startup?.promise")
    found: float = view.evaluate(SHIFT)
    view.close()
    return found


@pytest.mark.browser
@pytest.mark.skipif(not HTML.is_dir(), reason=f"no built book in {HTML}: make book")
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_jumps_on_pages_of_the_book(browser: Any, width: int) -> None:
    """The control: without the rule that keeps folded boxes closed a notebook's page jumps."""
    with served(HTML) as base:
        for page in ("book/index", "book/margin", "notebooks/geometry"):
            assert shift(browser, f"{base}/{page}.html", width) < 0.1, page
        assert shift(browser, f"{base}/notebooks/geometry.html", width, without="boxes.css") >= 0.1
