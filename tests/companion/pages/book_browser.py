"""What a careful reader's browser would complain about, page by page."""

import functools
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from waiting import LONGEST, settled

ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, TELEPHONE = 1280, 390
# How a browser calls the end of a request for a drawing that it needs no longer, as the page has another width.
UNWANTED = "net::ERR_ABORTED"

IMAGES = """async () => {
  const images = [...document.images];
  images.forEach(i => { i.loading = 'eager'; });
  await Promise.all(images.map(i => i.decode().catch(() => null)));
  return [
    ...images.filter(i => !i.complete || !i.naturalWidth).map(i => 'broken image: ' + i.getAttribute('src')),
    ...images.filter(i => !(i.getAttribute('alt') || '').trim()).map(i => 'no alt text: ' + i.getAttribute('src')),
  ];
}"""

EQUATIONS = """async () => {
  const sources = [...document.querySelectorAll('span.math, div.math')];
  if (!sources.length) return [];
  if (!(window.MathJax && MathJax.startup)) return [sources.length + ' equations, but MathJax is not loaded'];
  await MathJax.startup.promise;
  const broken = sources.filter(s => ![...s.querySelectorAll('mjx-container > svg')].some(
    svg => parseFloat(svg.getAttribute('width')) > 0));
  const wrong = [...document.querySelectorAll('[data-mml-node="merror"]')];
  return [
    ...broken.map(s => 'equation not rendered: ' + s.textContent.trim().slice(0, 80)),
    ...wrong.map(e => 'TeX error: ' + (e.getAttribute('data-mjx-error') || e.textContent).slice(0, 80)),
  ];
}"""

# What is missing in a table is a dash.
NUMBERS = """() => [...document.querySelectorAll('.bd-article td')]
  .filter(cell => ['nan', 'NaN'].includes(cell.textContent.trim())).slice(0, 3)
  .map(cell => 'not a number: ' + cell.parentElement.textContent.trim().replace(/\\s+/g, ' ').slice(0, 80))"""

# Content cut off by a box that hides its overflow is as lost as content beyond the page's edge. Not so the part
# of a curve outside the frame of its axes, which is clipped.
OVERFLOW = """() => {
  const width = document.documentElement.clientWidth, page = document.scrollingElement.scrollWidth;
  const scrolling = e => ['auto', 'scroll'].includes(getComputedStyle(e).overflowX);
  const scrolls = e => e && (scrolling(e) || scrolls(e.parentElement));
  // What is inside of a formula ends where the formula does.
  const formulas = 'mjx-container > svg *, mjx-assistive-mml, mjx-assistive-mml *';
  const out = [...document.querySelectorAll(`.bd-article *:not(${formulas})`)].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && box.right > width + 1 && !scrolls(e.parentElement)
      && getComputedStyle(e).visibility !== 'hidden' && !e.closest('[clip-path]');
  });
  return [
    ...(page > width ? ['the page is ' + page + ' px wide in a window of ' + width] : []),
    ...out.slice(0, 3).map(e => 'beyond the edge: <' + e.tagName.toLowerCase() + ' class="' + e.className + '">'),
  ];
}"""

# The page hears of the reader's new preference a moment after it was set, on a busy machine a long one; a page
# without drawings need not be asked.
THEMES = """async theme => {
  const drawings = document.querySelector('.ntp-figure');
  for (let n = 0; drawings && n < 1000 && document.documentElement.dataset.theme !== theme; n++) {
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  return [...document.querySelectorAll('.ntp-figure')].flatMap(figure => {
    const visible = image => image.getBoundingClientRect().width > 0;
    const shown = name => [...figure.querySelectorAll('img.only-' + name)].some(visible);
    const other = theme === 'dark' ? 'light' : 'dark';
    return [
      ...(shown(theme) ? [] : [figure.id + ': its ' + theme + ' drawing is not visible']),
      ...(shown(other) ? [figure.id + ': its ' + other + ' drawing is visible'] : []),
    ];
  });
}"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine and yield its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def pages(html: Path) -> list[str]:
    """Return the paths of all pages of a built book, without redirects and the theme's fragments."""
    return [
        path.relative_to(html).as_posix()
        for path in sorted(html.rglob("*.html"))
        if "_static" not in path.relative_to(html).parts
        and 'http-equiv="refresh"' not in path.read_text("utf-8")[:2000].lower()
    ]


def faults(browser: Any, base: str, page: str, also: Callable[[Any], list[str]] | None = None) -> list[str]:
    """Return everything wrong with one page, wide and narrow, light and dark; empty when nothing is.

    Args:
        browser: A playwright browser.
        base: Address the book is served at; a request to any other is a fault.
        page: Path of the page.
        also: A further look at the page, typeset and wide, instead of the short one on a telephone; it returns
            what it finds wrong.
    """
    found: list[str] = []
    view = browser.new_page(viewport={"width": DESKTOP, "height": 900}, color_scheme="light")
    view.on("console", lambda m: found.append(f"console: {m.text}") if m.type == "error" else None)
    view.on("pageerror", lambda error: found.append(f"script: {error}"))
    view.on("requestfailed", lambda r: found.append(f"failed request: {r.url}") if r.failure != UNWANTED else None)
    view.on("response", lambda r: found.append(f"status {r.status}: {r.url}") if r.status >= 400 else None)
    view.on("request", lambda r: found.append(f"external: {r.url}") if _external(r.url, base) else None)
    asked: set[Any] = set()
    view.on("request", lambda request: asked.add(request))
    for answer in ("requestfinished", "requestfailed"):
        view.on(answer, lambda request: asked.discard(request))
    try:
        view.goto(f"{base}/{page}", wait_until="load")
        found += view.evaluate(EQUATIONS) + view.evaluate(IMAGES) + view.evaluate(NUMBERS) + _layout(view, "light")
        view.emulate_media(color_scheme="dark")
        found += view.evaluate(THEMES, "dark")
        found += also(view) if also else _on_a_telephone(view)
        found += _unanswered(view, asked)
        return [f"{page}: {fault}" for fault in dict.fromkeys(found)]
    finally:
        view.close()


def _on_a_telephone(view: Any) -> list[str]:
    view.set_viewport_size({"width": TELEPHONE, "height": 900})
    settled(view)
    pictures: list[str] = view.evaluate(IMAGES)
    return pictures + _layout(view, "dark")


def _unanswered(view: Any, asked: set[Any]) -> list[str]:
    """Wait until every request has its answer, or fails; return what has neither."""
    end = time.monotonic() + LONGEST / 1000
    while asked and time.monotonic() < end:
        view.wait_for_timeout(5)
    return [f"no answer: {request.url}" for request in asked]


def _layout(view: Any, theme: str) -> list[str]:
    overflow: list[str] = view.evaluate(OVERFLOW)
    return overflow + view.evaluate(THEMES, theme)


def _external(url: str, base: str) -> bool:
    return not url.startswith((f"{base}/", "data:", "blob:"))
