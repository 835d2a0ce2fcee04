"""What makes files an EPUB: a package document, a table of contents, an archive in the right order."""

from __future__ import annotations

import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from ntp_lib.companion.editions.built_book import PAPER, BuiltBook
from ntp_lib.companion.editions.pictures import media_type
from ntp_lib.companion.pages.site import KEY_FILE

XML = '<?xml version="1.0" encoding="utf-8"?>\n'
CONTAINER = (
    '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
# Archives of one book are the same to the byte, whenever they are made.
EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Chapter:
    """One file of text.

    Attributes:
        file: its name.
        title: its title, plain.
        part: the part it stands in, empty for none.
        depth: 0 for a chapter, 1 for a section of one.
        text: the XHTML document.
    """

    file: str
    title: str
    part: str
    depth: int
    text: str


def write_package(
    book: BuiltBook, chapters: Sequence[Chapter], pictures: Mapping[str, str], style: str, target: Path
) -> None:
    """Write the archive.

    Args:
        book: the built book.
        chapters: the files of text in reading order.
        pictures: for a path below the site's folder the name in the archive.
        style: the style sheet.
        target: the file to write.
    """
    with zipfile.ZipFile(target, "w") as archive:

        def put(name: str, content: str | bytes, method: int = zipfile.ZIP_DEFLATED) -> None:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = method
            archive.writestr(entry, content)

        # A reading system knows the format by the first bytes.
        put("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        put("META-INF/container.xml", XML + CONTAINER)
        put("EPUB/package.opf", _package(book, chapters, pictures))
        put("EPUB/contents.xhtml", _contents(chapters))
        put("EPUB/book.css", style)
        for chapter in chapters:
            put(f"EPUB/{chapter.file}", chapter.text)
        for path, name in pictures.items():
            put(f"EPUB/{name}", (book.html / path).read_bytes())


def _package(book: BuiltBook, chapters: Sequence[Chapter], pictures: Mapping[str, str]) -> str:
    built = datetime.fromtimestamp((book.html / KEY_FILE).stat().st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{PAPER}#{book.title}")
    facts = (
        f'<dc:identifier id="id">urn:uuid:{name}</dc:identifier>'
        f"<dc:title>{escape(book.title)}</dc:title><dc:language>en</dc:language>"
        f"<dc:creator>{escape(book.author)}</dc:creator><dc:relation>{PAPER}</dc:relation>"
        f'<meta property="dcterms:modified">{built}</meta>'
    )
    spine = "".join(f'<itemref idref="text-{number}"/>' for number in range(len(chapters)))
    return (
        f'{XML}<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{facts}</metadata>'
        f"<manifest>{''.join(_items(chapters, pictures))}</manifest><spine>{spine}</spine></package>"
    )


def _items(chapters: Sequence[Chapter], pictures: Mapping[str, str]) -> Iterator[str]:
    yield '<item id="contents" href="contents.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    yield '<item id="style" href="book.css" media-type="text/css"/>'
    for number, chapter in enumerate(chapters):
        holds = " ".join(name for name, tag in (("mathml", "<math"), ("svg", "<svg")) if tag in chapter.text)
        properties = f' properties="{holds}"' if holds else ""
        yield (f'<item id="text-{number}" href="{chapter.file}" media-type="application/xhtml+xml"{properties}/>')
    for number, name in enumerate(pictures.values()):
        yield f'<item id="picture-{number}" href="{name}" media-type="{media_type(Path(name))}"/>'


def _contents(chapters: Sequence[Chapter]) -> str:
    """The table of contents: parts, their chapters, the sections of those."""
    lines: list[str] = []
    part, open_sections = "", False
    for chapter in chapters:
        link = f'<a href="{chapter.file}">{escape(chapter.title)}</a>'
        if chapter.depth and lines:
            if not open_sections:
                # The chapter above is still open.
                lines[-1] = lines[-1].removesuffix("</li>")
            lines.append(f"{'' if open_sections else '<ol>'}<li>{link}</li>")
            open_sections = True
            continue
        if open_sections:
            lines.append("</ol></li>")
        open_sections = False
        if chapter.part != part:
            lines.append(f"{'</ol></li>' if part else ''}<li><span>{escape(chapter.part)}</span><ol>")
        part = chapter.part
        lines.append(f"<li>{link}</li>")
    end = ("</ol></li>" if open_sections else "") + ("</ol></li>" if part else "")
    return (
        f'{XML}<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" '
        'xmlns:epub="http://www.idpf.org/2007/ops" xml:lang="en" lang="en"><head><title>Contents</title></head>'
        f'<body><nav epub:type="toc"><h1>Contents</h1><ol>{"".join(lines)}{end}</ol></nav></body></html>\n'
    )
