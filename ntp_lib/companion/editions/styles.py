"""The book's style sheets, gathered for a document that stands elsewhere."""

from __future__ import annotations

import re

from ntp_lib.companion.editions.built_book import BuiltBook, Page, resolve

FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}")
IMPORT = re.compile(r"""@import\s+(?:url\()?["']([^"']+)["']\)?[^;]*;""")
LOADED = re.compile(r"""url\(\s*(?!["']?(?:data:|#))[^)]*\)""")
MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/")


def style_sheets(book: BuiltBook, pages: tuple[Page, ...]) -> list[str]:
    """Return the paths of the style sheets that pages load, each once, in order."""
    return list(
        dict.fromkeys(
            resolve(page.path, str(link["href"]))
            for page in pages
            for link in book.soup(page).select('link[rel~="stylesheet"][href]')
        )
    )


def inlined_style(book: BuiltBook, page: Page) -> str:
    """Return the style sheets of a page as one text that loads nothing: no fonts, no pictures but its own."""
    return "\n".join(_inlined(book, sheet) for sheet in style_sheets(book, (page,)))


def _inlined(book: BuiltBook, sheet: str) -> str:
    text = (book.html / sheet).read_text("utf-8").replace("</style", "")
    text = IMPORT.sub(lambda found: _inlined(book, resolve(sheet, found.group(1))), text)
    return LOADED.sub('url("data:,")', MAP.sub("", FONT_FACE.sub("", text)))
