"""The whole book as one PDF: printed by Chromium, with an outline and links that stay inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from bs4 import Tag

from ntp_lib.companion.editions.articles import anchors, clean_article, relink, replace_pictures, unfold
from ntp_lib.companion.editions.built_book import PAPER, BuiltBook
from ntp_lib.companion.editions.chromium import opened
from ntp_lib.companion.editions.formulas import Holes, Typeset
from ntp_lib.companion.editions.styles import style_sheets

STYLE = Path(__file__).with_name("print.css")
MARGIN = "18mm"
# A4 without its margins, in pixels: what is measured on this screen is as wide on paper.
WIDTH, HEIGHT = 658, 986
HEADINGS = re.compile(r"h[1-6]")
FOOTER = (
    '<div style="font-size:8px;width:100%;text-align:center;color:#555"><span class="pageNumber"></span></div>'
)
# What is wider than the paper is made smaller, not cut.
FIT = """(width) => {
  for (const box of document.querySelectorAll('mjx-container[display="true"], table, .ntp-fit')) {
    const room = box.parentElement.closest('p, div, section, td, li').clientWidth || width;
    const inner = box.matches('mjx-container') ? box.querySelector('svg') : box;
    const wide = inner.getBoundingClientRect().width;
    if (wide > room + 1) box.style.zoom = Math.max(0.4, (room - 1) / wide);
  }
}"""


def make_pdf(book: BuiltBook, typeset: Typeset, browser: Any, target: Path) -> None:
    """Print the book.

    Args:
        book: the built book.
        typeset: its formulas.
        browser: a browser.
        target: the file to write.
    """
    with opened(browser, merged(book, typeset), viewport={"width": WIDTH, "height": HEIGHT}) as view:
        view.emulate_media(media="print")
        view.evaluate("Promise.all([...document.images].map((image) => image.decode().catch(() => null)))")
        view.evaluate(FIT, WIDTH)
        view.pdf(
            path=str(target),
            format="A4",
            print_background=True,
            outline=True,
            tagged=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
            margin=dict.fromkeys(("top", "bottom", "left", "right"), MARGIN),
        )


def merged(book: BuiltBook, typeset: Typeset) -> str:
    """Return all pages as one HTML text: anchors bear their page's name, headings sink below their part's."""
    articles = {page.path: clean_article(book, page) for page in book.pages}
    known = {path: anchors(article) for path, article in articles.items()}
    keys = {page.path: page.key for page in book.pages}

    def address(path: str, anchor: str) -> str | None:
        if path not in keys:
            return None
        return f"#{keys[path]}--{anchor}" if anchor in known[path] else f"#page-{keys[path]}"

    holes = Holes()
    for page in book.pages:
        article = articles[page.path]
        unfold(article)
        relink(article, page, address)
        replace_pictures(article, page, lambda path: (book.html / path).as_uri())
        _prefix(article, page.key)
        _sink(article, page.depth + (1 if page.part else 0))
        holes.take(article)
    body = "".join(_sections(book, articles))
    form = {source: _described(source, formula.drawing) for source, formula in typeset.formulas.items()}
    body = _native_headings(body, holes, typeset)
    body = holes.fill(body, form)
    sheets = style_sheets(book, book.pages)
    links = "".join(f'<link rel="stylesheet" href="{(book.html / sheet).as_uri()}">' for sheet in sheets)
    style = f"<style>{typeset.style}\n{STYLE.read_text('utf-8')}</style>"
    head = f'<meta charset="utf-8"><title>{escape(book.title)}</title>{links}{style}'
    return (
        f'<!doctype html><html lang="en" data-theme="light" data-mode="light"><head>{head}</head>'
        f"<body>{typeset.glyphs_of(body)}{_title_page(book)}{body}</body></html>"
    )


def _title_page(book: BuiltBook) -> str:
    return (
        f'<section class="ntp-title-page"><p class="ntp-title">{escape(book.title)}</p>'
        f'<p>{escape(book.author)}</p><p>A companion to <a href="{PAPER}">arXiv 2402.18551</a></p>'
        f"<p>Version {escape(book.version)}</p></section>"
    )


def _sections(book: BuiltBook, articles: dict[str, Tag]) -> Iterator[str]:
    part = ""
    for page in book.pages:
        heading = f'<h1 class="ntp-h0">{escape(page.part)}</h1>' if page.part != part else ""
        part = page.part
        content = f'<article class="bd-article">{articles[page.path].decode_contents()}</article>'
        yield f'<main class="bd-content ntp-page" id="page-{page.key}">{heading}{content}</main>'


def _prefix(article: Tag, key: str) -> None:
    for part in article.select("[id]"):
        part["id"] = f"{key}--{part['id']}"
    for name in ("aria-labelledby", "aria-describedby", "for"):
        for part in article.select(f"[{name}]"):
            del part[name]


def _sink(article: Tag, levels: int) -> None:
    """Make headings deeper by some levels, and keep their look in a class."""
    for heading in article.find_all(HEADINGS):
        own = int(heading.name[1])
        heading["class"] = " ".join([*map(str, heading.get_attribute_list("class")), f"ntp-h{own}"])
        heading.name = f"h{min(6, own + levels)}"


def _native_headings(body: str, holes: Holes, typeset: Typeset) -> str:
    """Set the formulas of headings as text, for the outline repeats a heading's letters and no drawing."""
    form = {source: formula.mathml for source, formula in typeset.formulas.items()}
    return re.sub(r"<h([1-6]).*?</h\1>", lambda found: holes.fill(found.group(), form), body, flags=re.DOTALL)


def _described(source: str, drawing: str) -> str:
    """A drawing that says its source to who hears the page instead of the MathML, which paper cannot carry."""
    return drawing.replace("<mjx-container ", f'<mjx-container role="img" aria-label="{escape(source)}" ', 1)
