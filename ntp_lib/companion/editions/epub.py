"""The book as EPUB 3: formulas as MathML, drawings as SVG, links between its pages kept."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ntp_lib.companion.editions.articles import anchors, clean_article, relink, replace_pictures, unfold
from ntp_lib.companion.editions.built_book import PAPER, BuiltBook, Page
from ntp_lib.companion.editions.chromium import as_xml
from ntp_lib.companion.editions.epub_package import Chapter, write_package
from ntp_lib.companion.editions.formulas import Holes, Typeset
from ntp_lib.companion.editions.titles import plain_title
from ntp_lib.companion.reproduction.errors import PublicationError

STYLE = Path(__file__).with_name("epub.css")
XHTML = "http://www.w3.org/1999/xhtml"
# What a reading system has no use for or its schema no place; classes stay, for the style sheet.
FOREIGN = ("data-", "aria-describedby", "aria-labelledby", "onclick", "tabindex", "translate")
ALIGNED = ("align", "halign", "valign")
PRESENTATION = {"table": ("border", *ALIGNED), "img": ("align", "scale")} | dict.fromkeys(
    ("tr", "td", "th"), ALIGNED
)


def make_epub(book: BuiltBook, typeset: Typeset, browser: Any, target: Path) -> None:
    """Write the book as one EPUB file.

    Args:
        book: the built book.
        typeset: its formulas.
        browser: a browser, which turns HTML into XHTML.
        target: the file to write.

    Raises:
        PublicationError: a page does not become well-formed XHTML.
    """
    articles = {page.path: clean_article(book, page) for page in book.pages}
    known = {path: anchors(article) for path, article in articles.items()}
    files = {page.path: f"{page.key}.xhtml" for page in book.pages}

    def address(path: str, anchor: str) -> str | None:
        if path not in files:
            return None
        return files[path] + (f"#{anchor}" if anchor in known[path] else "")

    mathml = {source: formula.mathml for source, formula in typeset.formulas.items()}
    pictures: dict[str, str] = {}
    bodies = []
    for page in book.pages:
        article = articles[page.path]
        unfold(article)
        relink(article, page, address)
        replace_pictures(article, page, lambda path: pictures.setdefault(path, f"pictures/{Path(path).name}"))
        _strip(article)
        holes = Holes()
        holes.take(article)
        bodies.append(holes.fill(article.decode_contents(), mathml))
    titles = [plain_title(page.title, mathml) for page in book.pages]
    bodies = as_xml(browser, bodies)
    chapters = [
        Chapter(files[page.path], title, page.part, page.depth, _document(page, title, body))
        for page, title, body in zip(book.pages, titles, bodies, strict=True)
    ]
    front = Chapter("title.xhtml", book.title, "", 0, _title_page(book))
    write_package(book, [front, *chapters], pictures, STYLE.read_text("utf-8"), target)


def _strip(article: Any) -> None:
    for part in article.find_all(True):
        unwanted = PRESENTATION.get(part.name, ())
        for name in [name for name in part.attrs if name.startswith(FOREIGN) or name in unwanted]:
            del part[name]
        if part.name == "img" and not part.get("alt"):
            part["alt"] = ""


def _document(page: Page, title: str, body: str) -> str:
    text = _wrapped(title, body)
    try:
        ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise PublicationError(f"{page.path}: is no well-formed XHTML: {error}") from error
    return text


def _wrapped(title: str, body: str) -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n<html xmlns="{XHTML}" xml:lang="en" lang="en">'
        f'<head><title>{escape(title)}</title><link rel="stylesheet" type="text/css" href="book.css"/></head>'
        f"{body}</html>\n"
    )


def _title_page(book: BuiltBook) -> str:
    body = (
        f'<body class="title-page"><p class="title">{escape(book.title)}</p><p>{escape(book.author)}</p>'
        f'<p>A companion to <a href="{PAPER}">arXiv 2402.18551</a></p><p>Version {escape(book.version)}</p></body>'
    )
    return _wrapped(book.title, body)
