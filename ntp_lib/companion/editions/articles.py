"""What no edition needs of a page, removed; links and pictures led to where the edition has them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from bs4 import Tag

from ntp_lib.companion.editions.built_book import BuiltBook, Page, resolve

CONTROLS = "script, noscript, style, template, button, .headerlink, .tb-toggle-button"
# Of two drawings the light one, of several widths the widest: paper is white and does not turn.
OTHER_DRAWINGS = ".only-dark, picture > source"
DOWNLOADS = ".ntp-figure-downloads"
# What a notebook's folded cell says of itself: words for a mouse.
FOLDS = "details.hide > summary"

Address = Callable[[str, str], "str | None"]


def clean_article(book: BuiltBook, page: Page) -> Tag:
    """Return a page's article without controls, and with every id once."""
    article = book.article(page)
    for part in article.select(", ".join((CONTROLS, OTHER_DRAWINGS, DOWNLOADS))):
        part.decompose()
    seen: set[str] = set()
    for part in article.select("[id]"):
        if part["id"] in seen:
            del part["id"]
        else:
            seen.add(str(part["id"]))
    return article


def unfold(article: Tag) -> None:
    """Turn everything foldable into plain boxes: on paper nothing opens."""
    for summary in article.select(FOLDS):
        summary.decompose()
    for part in article.select("details, summary"):
        part.attrs.pop("open", None)
        if part.name == "summary":
            part.attrs.pop("aria-label", None)
        part.name = "div"


def relink(article: Tag, page: Page, address: Address) -> None:
    """Give links into the book the addresses of an edition; a link to what it has not becomes its words.

    Args:
        article: the article of `page`.
        page: where the links stand.
        address: for a page's path and an anchor in it (maybe empty) the address, or None.
    """
    for link in article.select("a[href]"):
        where = urlsplit(str(link["href"]))
        if where.scheme or where.netloc:
            continue
        path = resolve(page.path, where.path) if where.path else page.path
        target = address(path, where.fragment)
        if target is None:
            link.unwrap()
        else:
            link["href"] = target


def anchors(article: Tag) -> frozenset[str]:
    """Return the ids of an article."""
    return frozenset(str(part["id"]) for part in article.select("[id]"))


def replace_pictures(article: Tag, page: Page, address: Callable[[str], str]) -> None:
    """Give every picture the address that `address` has for its path below the site's folder."""
    for picture in article.select("img[src]"):
        if not str(picture["src"]).startswith("data:"):
            picture["src"] = address(resolve(page.path, str(picture["src"])))
        for name in ("srcset", "sizes", "loading"):
            picture.attrs.pop(name, None)
