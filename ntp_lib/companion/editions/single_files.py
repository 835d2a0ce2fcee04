"""Each page as one file that needs nothing else: formulas typeset, pictures and style inside."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from pathlib import Path

from ntp_lib.companion.editions.articles import anchors, clean_article, relink, replace_pictures
from ntp_lib.companion.editions.built_book import BuiltBook, Page
from ntp_lib.companion.editions.formulas import Holes, Typeset
from ntp_lib.companion.editions.pictures import media_type
from ntp_lib.companion.editions.styles import inlined_style
from ntp_lib.companion.editions.titles import plain_title

STYLE = Path(__file__).with_name("single_files.css")


def make_single_files(book: BuiltBook, typeset: Typeset, folder: Path) -> None:
    """Write every page of the book as one HTML file.

    Args:
        book: the built book.
        typeset: its formulas.
        folder: where to; it exists.
    """
    form = {source: formula.drawing for source, formula in typeset.formulas.items()}
    mathml = {source: formula.mathml for source, formula in typeset.formulas.items()}
    for page in book.pages:
        text = single_file(book, page, typeset, form, plain_title(page.title, mathml))
        (folder / f"{page.key}.html").write_text(text, "utf-8")


def single_file(book: BuiltBook, page: Page, typeset: Typeset, form: Mapping[str, str], title: str) -> str:
    """Return one page as one text.

    Args:
        book: the built book.
        page: the page.
        typeset: the formulas of the book.
        form: the drawing of each.
        title: the page's title, plain.
    """
    article = clean_article(book, page)
    own = anchors(article)

    def address(path: str, anchor: str) -> str | None:
        return f"#{anchor}" if path == page.path and anchor in own else None

    relink(article, page, address)
    replace_pictures(article, page, lambda path: _data(book.html / path))
    holes = Holes()
    holes.take(article)
    body = holes.fill(article.decode(), form)
    source = f"{escape(book.title)}, version {escape(book.version)}"
    style = f"{inlined_style(book, page)}\n{typeset.style}\n{STYLE.read_text('utf-8')}"
    return (
        '<!doctype html>\n<html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{style}</style></head><body>{typeset.glyphs_of(body)}"
        f'<main class="bd-content ntp-single"><p class="ntp-source">{source}</p>{body}</main></body></html>\n'
    )


def _data(picture: Path) -> str:
    content = base64.b64encode(picture.read_bytes()).decode()
    return f"data:{media_type(picture)};base64,{content}"
