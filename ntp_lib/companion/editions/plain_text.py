"""The book as text for programs that read: an index (llms.txt) and everything in one file (llms-full.txt).

Made from the built pages, so that numbers of results and values from outputs are in it; formulas stay TeX.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bs4.element import NavigableString, Tag

from ntp_lib.companion.editions.articles import clean_article, unfold
from ntp_lib.companion.editions.built_book import PAPER, BuiltBook, Page

HEADING = re.compile(r"h[1-6]")
BOXES = {"admonition", "proof", "exercise", "solution"}
BLOCKS = {"p", "div", "section", "ul", "ol", "dl", "table", "pre", "figure", "figcaption", "blockquote", "article"}
SUMMARY = 160


def write_plain_text(book: BuiltBook, index: Path, full: Path) -> None:
    """Write both files.

    Args:
        book: the built book.
        index: the file for titles and first sentences.
        full: the file for everything.
    """
    texts = {page: page_text(book, page) for page in book.pages}
    lines = [f"# {book.title}", "", f"> Companion to {PAPER}. Version {book.version}. Formulas are LaTeX.", ""]
    part = ""
    for page, text in texts.items():
        if page.part != part:
            part = page.part
            lines += ["", f"## {part}", ""]
        lines.append(f"- [{page.title}]({page.path}): {_first_sentence(text)}")
    index.write_text("\n".join(lines) + "\n", "utf-8")
    full.write_text("\n\n".join(f"<!-- {page.path} -->\n\n{text}" for page, text in texts.items()) + "\n", "utf-8")


def page_text(book: BuiltBook, page: Page) -> str:
    """Return a page as text, in the marks of Markdown."""
    article = clean_article(book, page)
    unfold(article)
    blocks = (block.strip("\n") for block in _blocks(article))
    return "\n\n".join(block for block in blocks if block.strip())


def _blocks(parent: Tag) -> Iterator[str]:
    """The blocks of an element; words that stand beside blocks are a block of their own."""
    loose = ""
    for child in parent.children:
        if isinstance(child, Tag) and (child.name in BLOCKS or HEADING.fullmatch(child.name)):
            yield _line(loose)
            loose = ""
            yield from _block(child)
        else:
            loose += _words(child)
    yield _line(loose)


def _block(element: Tag) -> Iterator[str]:
    if HEADING.fullmatch(element.name):
        yield f"{'#' * int(element.name[1])} {_line(_words(element))}"
    elif element.name == "pre":
        yield f"```\n{element.get_text().strip(chr(10))}\n```"
    elif element.name == "table":
        yield "\n".join(_rows(element))
    elif element.name in ("ul", "ol"):
        yield "\n".join(_items(element))
    elif element.name == "dl":
        for entry in element.find_all(["dt", "dd"], recursive=False):
            yield from ([f"**{_line(_words(entry))}**"] if entry.name == "dt" else _blocks(entry))
    elif "math" in element.get_attribute_list("class"):
        yield _line(_words(element))
    elif BOXES & set(element.get_attribute_list("class")):
        yield "\n>\n".join(
            "\n".join(f"> {line}" for line in text.splitlines()) for text in _blocks(element) if text
        )
    elif element.name == "figure":
        yield from (f"[Figure: {picture['alt']}]" for picture in element.select("img[alt]"))
        yield from (_line(_words(caption)) for caption in element.select("figcaption"))
    else:
        yield from _blocks(element)


def _items(element: Tag) -> Iterator[str]:
    for number, item in enumerate(element.find_all("li", recursive=False), 1):
        text = "\n".join(text for text in _blocks(item) if text)
        mark = f"{number}. " if element.name == "ol" else "- "
        yield mark + text.replace("\n", "\n" + " " * len(mark))


def _rows(table: Tag) -> Iterator[str]:
    for row in table.select("tr"):
        cells = [_line(_words(cell)).replace("|", r"\|") for cell in row.find_all(["td", "th"])]
        if any(cells):
            yield f"| {' | '.join(cells)} |"


def _words(node: object) -> str:
    if isinstance(node, Tag):
        inner = "".join(map(_words, node.children))
        if node.name == "img":
            return f"[Figure: {node['alt']}]" if node.get("alt") else ""
        if node.name == "code":
            return f"`{inner}`"
        if node.name == "a" and str(node.get("href", "")).startswith("http"):
            return f"[{inner}]({node['href']})"
        return f"{inner} " if node.name in ("p", "li", "br", "td", "th") else inner
    return str(node) if type(node) is NavigableString else ""


def _line(text: str) -> str:
    return " ".join(text.split())


def _first_sentence(text: str) -> str:
    for block in text.split("\n\n"):
        if block and block[0] not in "#|>`[-$\\<":
            words = block.replace("**", "").split("\n")[0]
            return words if len(words) <= SUMMARY else words[:SUMMARY].rsplit(" ", 1)[0] + " …"
    return ""
