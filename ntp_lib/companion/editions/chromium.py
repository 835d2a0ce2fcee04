"""A headless Chromium that typesets, prints, and writes HTML as XML."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ntp_lib.companion.editions.built_book import BuiltBook, Page, resolve
from ntp_lib.companion.editions.formulas import Formula, Typeset
from ntp_lib.companion.reproduction.errors import PublicationError

NAMES = ("chromium", "chromium-browser", "google-chrome")
# One set of outlines for all drawings, and no control among them.
SETTINGS = """
MathJax.svg = { ...MathJax.svg, fontCache: 'global' };
MathJax.options = { ...MathJax.options, enableMenu: false, enableAssistiveMml: true };
"""
TYPESET = """async (sources) => {
  const box = document.body.appendChild(document.createElement('div'));
  for (const source of sources) {
    const place = box.appendChild(document.createElement('div'));
    place.className = 'math';
    place.textContent = source;
  }
  await MathJax.startup.promise;
  await MathJax.typesetPromise([box]);
  const formulas = [...box.children].map((place) => {
    const drawing = place.querySelector('mjx-container');
    const math = drawing?.querySelector('mjx-assistive-mml > math');
    const error = place.querySelector('[data-mml-node=merror], merror');
    if (!math || error) return { error: error?.textContent || 'not typeset' };
    if (drawing.getAttribute('display') === 'true') math.setAttribute('display', 'block');
    for (const part of [math, ...math.querySelectorAll('*')])
      for (const { name } of [...part.attributes]) if (name.startsWith('data-')) part.removeAttribute(name);
    return { drawing: drawing.outerHTML, mathml: new XMLSerializer().serializeToString(math) };
  });
  const glyphs = [...document.querySelectorAll('#MJX-SVG-global-cache [id^=MJX]')].map((g) => [g.id, g.outerHTML]);
  return { formulas, glyphs, style: document.querySelector('#MJX-SVG-styles').textContent };
}"""
AS_XML = """(pages) => pages.map((html) => {
  const body = new DOMParser().parseFromString(html, 'text/html').body;
  return new XMLSerializer().serializeToString(body);
})"""


@contextmanager
def chromium() -> Iterator[Any]:
    """Yield a browser.

    Raises:
        PublicationError: none is installed.
    """
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        raise PublicationError("no Chromium on this machine, which typesets and prints (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, headless=True, chromium_sandbox=False, args=["--disable-gpu"]
        )
        try:
            yield browser
        finally:
            browser.close()


def typeset(browser: Any, book: BuiltBook, texts: Iterable[str]) -> Typeset:
    """Typeset formulas as the book's pages do, by the book's own MathJax and macros.

    Raises:
        PublicationError: a formula has an error; the message quotes it.
    """
    wanted = list(dict.fromkeys(texts))
    configuration, library = _mathjax(book)
    head = f"<script>{configuration}{SETTINGS}</script><script src='{library}'></script>" if library else ""
    if wanted and not library:
        raise PublicationError("no page of the book loads MathJax, but there are formulas")
    if not wanted:
        return Typeset({}, {}, "")
    with opened(browser, f"<!doctype html><html><head>{head}</head><body></body></html>") as view:
        found = view.evaluate(TYPESET, wanted)
    formulas = {}
    for source, form in zip(wanted, found["formulas"], strict=True):
        if "error" in form:
            raise PublicationError(f"formula {source[:80]!r}: {form['error']}")
        formulas[source] = Formula(form["drawing"], form["mathml"])
    return Typeset(formulas, dict(found["glyphs"]), found["style"])


def as_xml(browser: Any, pages: list[str]) -> list[str]:
    """Return HTML texts as XHTML bodies, with drawings and formulas in their namespaces."""
    view = browser.new_page()
    try:
        texts: list[str] = view.evaluate(AS_XML, pages)
        return texts
    finally:
        view.close()


@contextmanager
def opened(browser: Any, html: str, **options: Any) -> Iterator[Any]:
    """Open an HTML text as a file, so that it may load files of this machine, and nothing from a network."""
    with TemporaryDirectory(prefix="ntp-edition-") as folder:
        file = Path(folder) / "page.html"
        file.write_text(html, "utf-8")
        context = browser.new_context(offline=True, **options)
        view = context.new_page()
        view.set_default_timeout(0)
        try:
            view.goto(file.as_uri())
            yield view
        finally:
            context.close()


def _mathjax(book: BuiltBook) -> tuple[str, str]:
    """The configuration and the address of MathJax, from the first page that loads it."""
    for page in book.pages:
        script = book.soup(page).select_one("script[src*=mathjax]")
        if script is not None:
            return _configuration(book, page), (book.html / resolve(page.path, str(script["src"]))).as_uri()
    return "", ""


def _configuration(book: BuiltBook, page: Page) -> str:
    inline = (script.get_text() for script in book.soup(page).select("script:not([src])"))
    return next((text for text in inline if "window.MathJax" in text), "window.MathJax = {};")
