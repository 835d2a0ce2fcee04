"""Negative controls of the browser tests: each kind of fault, on a page that has it, is found."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from book_browser import faults, served
from small_project import PNG, ROOT

pytestmark = pytest.mark.browser

MATHJAX = """<script>window.MathJax = {tex: {packages: {'[-]': ['noundefined', 'noerrors']}},
options: {enableMenu: false}}</script><script src="mathjax.js"></script>"""
FIGURE = (
    '<div class="ntp-figure" id="f"><img class="only-light" src="dot.png" alt="l">'
    '<img class="only-dark" src="dot.png" alt="d"></div><style>.ntp-figure img {{ width: 9px }} {rule}</style>'
)
RULE = "[data-theme={0}] .only-{1} {{ display: none }} "
PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>page</title>
<link rel="icon" href="dot.png"><script>
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => { document.documentElement.dataset.theme = dark.matches ? 'dark' : 'light'; };
dark.addEventListener('change', follow); follow();
</script></head><body style="margin:0"><article class="bd-article">BODY</article></body></html>"""

BROKEN = {
    "TeX error": MATHJAX + r'<span class="math">\(\frac{1}\)</span>',
    "Undefined control sequence": MATHJAX + r'<span class="math">\(\nosuchmacro\)</span>',
    "MathJax is not loaded": r'<div class="math">\[x\]</div>',
    "equation not rendered": MATHJAX + '<span class="math">x without delimiters</span>',
    "broken image": '<img src="missing.png" alt="gone">',
    "status 404": '<img src="missing.png" alt="gone">',
    "no alt text": '<img src="dot.png" alt="">',
    "external": '<img src="http://example.invalid/dot.png" alt="a dot">',
    "failed request": '<img src="http://example.invalid/dot.png" alt="a dot">',
    "console": "<script>console.error('no')</script>",
    "script": "<script>throw new Error('no')</script>",
    "not a number: cosine NaN": "<table><tr><td>cosine </td><td>NaN</td></tr></table>",
    "the page is 1500 px wide": '<div style="width:1500px">wide</div>',
    "beyond the edge": '<div style="overflow:hidden"><p style="width:900px">cut off</p></div>',
    "its light drawing is not visible": FIGURE.format(rule=".only-light, .only-dark { display: none }"),
    "its dark drawing is visible": FIGURE.format(rule=RULE.format("dark", "light")),
    "its dark drawing is not visible": FIGURE.format(rule=".only-dark { display: none }"),
    "its light drawing is visible": FIGURE.format(rule=RULE.format("light", "dark")),
}
SOUND = {
    "nothing": "<p>words</p>",
    "an equation": MATHJAX + r'<span class="math">\(x^2\)</span>',
    "an image": '<img src="dot.png" alt="a dot">',
    "a dash": "<table><tr><td>cosine of nan and naan</td><td>–</td></tr></table>",
    "a wide box that scrolls": '<div style="overflow-x:auto"><p style="width:900px">scrolls</p></div>',
    "a figure": FIGURE.format(rule=RULE.format("light", "dark") + RULE.format("dark", "light")),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder of hand-written pages, served."""
    folder = tmp_path_factory.mktemp("faults")
    (folder / "dot.png").write_bytes(PNG)
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    try:
        from offline import mathjax_bundle
    finally:
        sys.path.pop(0)
    (folder / "mathjax.js").symlink_to(mathjax_bundle("tex-svg-full.js"))
    with served(folder) as base:
        yield folder, base


def _faults(browser: Any, site: tuple[Path, str], body: str) -> list[str]:
    folder, base = site
    (folder / "page.html").write_text(PAGE.replace("BODY", body), "utf-8")
    return faults(browser, base, "page.html")


@pytest.mark.parametrize("fault", BROKEN)
def test_fault_is_found(browser: Any, site: tuple[Path, str], fault: str) -> None:
    """A page with one fault is reported with that fault."""
    assert any(fault in found for found in _faults(browser, site, BROKEN[fault]))


@pytest.mark.parametrize("kind", SOUND)
def test_sound_page_is_left_alone(browser: Any, site: tuple[Path, str], kind: str) -> None:
    """A sound page is not reported, so that the faults above are due to what is broken."""
    assert _faults(browser, site, SOUND[kind]) == []
