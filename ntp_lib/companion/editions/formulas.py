"""Every formula of the book typeset once: a drawing for pages and paper, MathML for electronic books."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bs4.element import NavigableString, Tag

TEX = re.compile(r"\s*(\\\(.*\\\)|\\\[.*\\\]|\\begin\{.*\\end\{[^}]*\})\s*", re.DOTALL)
GLYPH = re.compile(r'href="#(MJX-[^"]+)"')
# Private characters stand for a formula until the tree has become text: a drawing is far larger than its page.
HOLE = re.compile("\ue000(\\d+)\ue001")


@dataclass(frozen=True)
class Formula:
    """A typeset formula.

    Attributes:
        drawing: MathJax's container with an SVG and, hidden, MathML for screen readers.
        mathml: the MathML alone.
    """

    drawing: str
    mathml: str


@dataclass(frozen=True)
class Typeset:
    """All formulas of a book.

    Attributes:
        formulas: by TeX source with its delimiters.
        glyphs: outlines that the drawings use, by id.
        style: the style sheet of the drawings.
    """

    formulas: Mapping[str, Formula]
    glyphs: Mapping[str, str]
    style: str

    def glyphs_of(self, html: str) -> str:
        """Return an invisible drawing with the outlines that a text uses; it has to stand in the same file."""
        used = sorted(set(GLYPH.findall(html)))
        outlines = "".join(self.glyphs[name] for name in used)
        hidden = 'style="position:absolute;width:0;height:0" aria-hidden="true"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {hidden}><defs>{outlines}</defs></svg>'


def sources(article: Tag) -> list[str]:
    """Return the TeX sources of an article, with their delimiters."""
    return [str(text).strip() for text in _texts(article)]


class Holes:
    """Formulas taken out of articles, and put back as another text once the articles are text."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def take(self, article: Tag) -> None:
        """Put a mark in the place of every formula."""
        for text in list(_texts(article)):
            text.replace_with(NavigableString(f"\ue000{len(self.taken)}\ue001"))
            self.taken.append(str(text).strip())

    def fill(self, html: str, form: Mapping[str, str]) -> str:
        """Return a text with `form[source]` in the place of every mark."""
        return HOLE.sub(lambda found: form[self.taken[int(found.group(1))]], html)


def _texts(article: Tag) -> Iterable[NavigableString]:
    for element in article.select(".math"):
        for child in element.children:
            if isinstance(child, NavigableString) and TEX.fullmatch(str(child)):
                yield child
