"""The built book as the editions read it: its pages in reading order, each with its article."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag

from ntp_lib.companion.pages.site import KEY_FILE
from ntp_lib.companion.reproduction.errors import PublicationError
from ntp_lib.companion.reproduction.fields import mapping, read_yaml
from ntp_lib.companion.reproduction.project import Project

REDIRECT = re.compile(r"""http-equiv=["']?refresh["']?[^>]*url=([^"'>\s]+)""", re.IGNORECASE)
PAPER = "https://arxiv.org/abs/2402.18551"


@dataclass(frozen=True)
class Page:
    """A page of the book.

    Attributes:
        path: its file below the site's folder.
        title: as the table of contents prints it, with its number; formulas are TeX between ``\\(`` and ``\\)``.
        part: the part it stands in, empty for the front page.
        depth: 0 for a chapter, 1 for a section of one.
    """

    path: str
    title: str
    part: str
    depth: int

    @property
    def key(self) -> str:
        """A name for the page that is unique and fits files and anchors."""
        return self.path.removesuffix(".html").replace("/", "-")


@dataclass(frozen=True)
class BuiltBook:
    """A built site.

    Attributes:
        html: the site's folder.
        title: the book's title.
        author: who wrote it.
        pages: its pages in reading order, the front page first.
    """

    html: Path
    title: str
    author: str
    pages: tuple[Page, ...]

    @property
    def version(self) -> str:
        """The version of the library that the book was built with."""
        return version("ntp-lib")

    @cached_property
    def key(self) -> str:
        """Digest of what the site was built from."""
        return (self.html / KEY_FILE).read_text("utf-8")

    def soup(self, page: Page) -> BeautifulSoup:
        """Return a whole page, parsed anew."""
        return parsed((self.html / page.path).read_text("utf-8"))

    def article(self, page: Page) -> Tag:
        """Return what a page says, without what stands around it.

        Raises:
            PublicationError: the page has no article.
        """
        found = self.soup(page).select_one("article.bd-article")
        if found is None:
            raise PublicationError(f"{page.path}: no article in it; the theme may have changed")
        return found


def parsed(html: str) -> BeautifulSoup:
    """Return HTML as a tree."""
    return BeautifulSoup(html, "html.parser")


def open_book(project: Project) -> BuiltBook:
    """Read the contents of the built site of a project.

    Raises:
        PublicationError: there is no built site, or a page of its contents is missing.
    """
    html = project.build / "html"
    if not (html / KEY_FILE).is_file() or not (html / "index.html").is_file():
        raise PublicationError(f"no built book in {project.build.name}/html; run `make book` first")
    config = mapping(read_yaml(project.root / "_config.yml", "_config.yml"), "_config.yml")
    redirect = REDIRECT.search((html / "index.html").read_text("utf-8"))
    root = redirect.group(1) if redirect else "index.html"
    front = parsed((html / root).read_text("utf-8"))
    title, author = (str(config.get(name) or "") for name in ("title", "author"))
    pages = (Page(root, title, "", 0), *_contents(front, root))
    if missing := [page.path for page in pages if not (html / page.path).is_file()]:
        raise PublicationError(f"pages of the contents that were not built: {', '.join(missing)}; run `make book`")
    return BuiltBook(html, title, author, pages)


def resolve(page: str, address: str) -> str:
    """Return the path, below the site's folder, of what a page calls by a relative address."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(address.partition("?")[0])))


def _contents(front: BeautifulSoup, root: str) -> Iterator[Page]:
    """Pages in the order of the navigation: a caption opens a part, nested lists are sections."""
    navigation = front.select_one("nav.bd-links")
    seen = {root}
    part = ""
    for entry in navigation.select("p.caption, a.reference.internal") if navigation else ():
        if entry.name == "p":
            part = entry.get_text().strip()
            continue
        path = resolve(root, str(entry["href"]).partition("#")[0]) if entry["href"] != "#" else root
        if path not in seen:
            seen.add(path)
            yield Page(path, " ".join(entry.get_text().split()), part, len(entry.find_parents("li")) - 1)
