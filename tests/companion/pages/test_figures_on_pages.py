"""A figure on a page: four drawings, of which the browser loads the one it shows; every picture says its size."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from book_browser import DESKTOP, TELEPHONE, served
from bs4 import BeautifulSoup
from waiting import SHIFT

BOOK = Path(__file__).parents[3] / "book"
SIZES = {"svg": (671, 300), "dark.svg": (671, 300), "narrow.svg": (328, 600), "narrow.dark.svg": (328, 600)}
# Long enough to fill the window, so that it matters where it stands.
BELOW = '<p style="height: 60rem">Text below.</p>'
SETTINGS = ("-D", "extensions=myst_parser,ntp_figure", "-D", "html_theme=basic")
PAGE = """# A page

```{ntp-figure} growth
```

```{figure} book/_figures/growth.svg
:alt: Growth again

As any other picture.
```
"""
# The browser test's page is not the theme's: what the theme does with its attribute is done by hand.
FRAME = """<!doctype html><html data-theme="{theme}"><link rel="stylesheet" href="figures.css">
<body class="bd-content bd-article">"""
# Only what has been painted can jump: drawings are held back until the page has been.
PAINTED = "performance.getEntriesByType('paint').length > 0"
LOADED = "[...document.images].every(i => i.complete || !i.getBoundingClientRect().width)"


def svg(width: int, height: int, size: str = 'width="{0}" height="{1}"') -> str:
    box = f'viewBox="0 0 {width} {height}" {size.format(width, height)}'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}><path d="M0 0h9v9z" fill="#a00"/></svg>'


def sources(folder: Path) -> Path:
    figures = folder / "source" / "book" / "_figures"
    figures.mkdir(parents=True)
    shown = {"title": "Growth", "caption": "What grows.", "alt": "It grows", "paper": None, "notebook": "growth"}
    (figures / "index.json").write_text(json.dumps({"growth": shown}), "utf-8")
    for suffix, size in SIZES.items():
        (figures / f"growth.{suffix}").write_text(svg(*size), "utf-8")
    for suffix in ("png", "csv"):
        (figures / f"growth.{suffix}").write_text("", "utf-8")
    (folder / "source" / "index.md").write_text(PAGE, "utf-8")
    return folder / "source"


def built(folder: Path, builder: str = "html") -> Path:
    """Build in a process of its own: Sphinx and docutils keep what they were told."""
    options = ["-C", "-W", "-q", "-b", builder, *SETTINGS]
    places = [str(folder / "source"), str(folder / builder)]
    paths = os.environ | {"PYTHONPATH": str(BOOK / "_ext")}
    command = [sys.executable, "-m", "sphinx", *options, *places]
    done = subprocess.run(command, env=paths, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return folder / builder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    sources(folder)
    out = built(folder)
    figure = BeautifulSoup((out / "index.html").read_text("utf-8"), "html.parser").select_one("figure.ntp-figure")
    for theme in ("light", "dark"):
        frame = FRAME.format(theme=theme)
        (out / f"{theme}.html").write_text(f"{frame}{figure}{BELOW}</body></html>", "utf-8")
        jumping = re.sub(r' (width|height)="[0-9]+"', "", str(figure))
        (out / f"{theme}-jumping.html").write_text(f"{frame}{jumping}{BELOW}</body></html>", "utf-8")
    (out / "figures.css").write_text((BOOK / "_static" / "figures.css").read_text("utf-8"), "utf-8")
    return out


def without_size(page: str) -> list[str]:
    """Pictures of a page whose room is not known before they are loaded."""
    found = BeautifulSoup(page, "html.parser").select("img, picture > source")
    return [str(one) for one in found if not (one.get("width") and one.get("height"))]


def test_every_picture_says_its_size(site: Path) -> None:
    page = (site / "index.html").read_text("utf-8")
    assert without_size(page) == []
    assert without_size((site / "light-jumping.html").read_text("utf-8"))
    soup = BeautifulSoup(page, "html.parser")
    images, narrow = soup.select("picture > img"), soup.select("picture > source")
    assert [image["class"] for image in images] == [["only-light"], ["only-dark"]]
    assert {(image["width"], image["height"]) for image in images} == {("671", "300")}
    assert {(source["width"], source["height"]) for source in narrow} == {("328", "600")}
    assert all(image["loading"] == "lazy" for image in soup.select("img"))
    assert all((site / str(source["srcset"])).is_file() for source in narrow)


def test_a_picture_without_a_size_is_refused_by_name(tmp_path: Path) -> None:
    figures = sources(tmp_path) / "book" / "_figures"
    (figures / "growth.narrow.svg").write_text(svg(328, 600, size=""), "utf-8")
    with pytest.raises(RuntimeError, match=r"growth\.narrow\.svg: a picture without width and height"):
        built(tmp_path)


def test_a_repeated_figure_may_bring_its_own_caption(tmp_path: Path) -> None:
    own = PAGE.replace("```{ntp-figure} growth\n", "```{ntp-figure} growth\n:unnumbered:\nIt *grew*.\n")
    (sources(tmp_path) / "index.md").write_text(own, "utf-8")
    caption = BeautifulSoup((built(tmp_path) / "index.html").read_text("utf-8"), "html.parser").figcaption
    assert caption is not None
    assert " ".join(caption.get_text().split()).startswith("Growth. It grew.")
    assert caption.em is not None


def test_a_numbered_figure_has_the_recorded_caption(tmp_path: Path) -> None:
    own = PAGE.replace("```{ntp-figure} growth\n", "```{ntp-figure} growth\nIt grew.\n")
    (sources(tmp_path) / "index.md").write_text(own, "utf-8")
    with pytest.raises(RuntimeError, match="only an unnumbered one may bring its own caption"):
        built(tmp_path)


def test_a_format_without_pictures_to_choose_from_has_the_wide_ones(tmp_path: Path) -> None:
    sources(tmp_path)
    text = (built(tmp_path, "text") / "index.txt").read_text("utf-8")
    assert "It grows" in text
    assert "narrow" not in text


def opened(browser: Any, address: str, width: int) -> tuple[Any, list[str]]:
    view = browser.new_page(viewport={"width": width, "height": 1200})
    asked: list[str] = []
    held: list[Any] = []
    view.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[1]))
    view.route("**/*.svg", lambda route: held.append(route))
    view.goto(address)
    view.wait_for_function(PAINTED)
    for route in held:
        route.continue_()
    view.unroute("**/*.svg")
    view.wait_for_function(LOADED)
    view.wait_for_load_state("networkidle")
    return view, [name for name in asked if name.endswith(".svg")]


@pytest.mark.parametrize(("theme", "width", "name"), [
    ("light", DESKTOP, "growth.svg"), ("dark", DESKTOP, "growth.dark.svg"),
    ("light", TELEPHONE, "growth.narrow.svg"), ("dark", TELEPHONE, "growth.narrow.dark.svg"),
])  # fmt: skip
def test_only_the_drawing_that_is_shown_is_loaded(
    browser: Any, site: Path, theme: str, width: int, name: str
) -> None:
    with served(site) as base:
        view, asked = opened(browser, f"{base}/{theme}.html", width)
        shown = view.evaluate("[...document.images].filter(i => i.getBoundingClientRect().width).length")
        box = view.evaluate("[...document.images].map(i => i.getBoundingClientRect().width).find(w => w > 0)")
        shift = view.evaluate(SHIFT)
        view.close()
        jumping, _ = opened(browser, f"{base}/{theme}-jumping.html", width)
        jumped = jumping.evaluate(SHIFT)
        jumping.close()
        # Where the theme's rule is missing, both are shown and loaded.
        both, more = opened(browser, f"{base}/index.html", width)
        both.close()
    assert asked == [name]
    assert len(more) > 1
    assert shown == 1
    # As wide as drawn, or wider: type does not shrink.
    assert box >= SIZES[name.removeprefix("growth.")][0]
    assert shift < 0.1 <= jumped


def test_paper_has_the_drawing_for_light_pages(browser: Any, site: Path) -> None:
    with served(site) as base:
        view, _ = opened(browser, f"{base}/dark.html", DESKTOP)
        classes = "[...document.images].filter(i => i.getBoundingClientRect().width).map(i => i.className)"
        assert view.evaluate(classes) == ["only-dark"]
        view.emulate_media(media="print")
        assert view.evaluate(classes) == ["only-light"]
        view.close()
