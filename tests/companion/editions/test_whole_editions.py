"""The editions of a small book, opened and read."""

import re
import shlex
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urldefrag
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from pdf_reading import read_pdf

from ntp_lib.companion.cli.main import main
from ntp_lib.companion.editions.chromium import chromium
from ntp_lib.companion.editions.epub_package import Chapter, _contents
from ntp_lib.companion.editions.making import Editions
from ntp_lib.companion.reproduction.project import Project

pytestmark = pytest.mark.browser

README = Path(__file__).parents[3] / "README.md"
README_COMMANDS = sorted(set(re.findall(r"`(ntp editions[^`]+)`", README.read_text("utf-8"))))
PAPER = "https://arxiv.org/abs/2402.18551"
CONTENTS = ["book-index.xhtml", "book-chapter.xhtml", "notebooks-growth.xhtml"]


def test_pdf_has_the_books_outline(made: Editions) -> None:
    """Parts, chapters, their sections and headings, each at its level, formulas as letters."""
    outline = read_pdf(*made.places("pdf")).outline
    assert [level for level, _ in outline] == [1, 1, 2, 3, 3]
    titles = [title for _, title in outline]
    assert titles == [
        "A small book",
        "The theory",
        "1. The rows of 𝑊",
        "Another heading",
        "Growth & decay",
    ]


def test_pdf_links_stay_inside(made: Editions) -> None:
    """Only the paper is an address; every other link goes to an anchor that is there."""
    pdf = read_pdf(*made.places("pdf"))
    assert set(pdf.addresses) == {PAPER}
    assert len(pdf.targets) == 6
    assert set(pdf.targets) <= pdf.anchors
    assert "book-chapter--gone" not in pdf.anchors


@pytest.mark.parametrize("command", README_COMMANDS)
def test_printed_command_makes_what_it_says(site: Project, command: str) -> None:
    """As README prints it, on the small book; another kind is made by the same words."""
    words = shlex.split(command)[1:]
    (kind,) = words[2:]
    for name in (kind, "text"):
        result = CliRunner().invoke(main, ["--project", str(site.root), *words[:2], name])
        assert result.exit_code == 0, result.output
    assert list((site.build / "editions").glob(f"*.{kind}"))
    assert (site.build / "editions" / "llms.txt").is_file()


def test_reader_of_pdf_sees_links_that_lead_outside(tmp_path: Path) -> None:
    """A book printed page by page has links into files, and the reader above sees them."""
    file = tmp_path / "apart.pdf"
    with chromium() as browser:
        view = browser.new_page()
        view.set_content('<h1>One</h1><a href="file:///book/chapter.html#thm-growth">Theorem</a>')
        view.pdf(path=str(file), outline=True, tagged=True)
    pdf = read_pdf(file)
    assert pdf.outline == [(1, "One")]
    assert pdf.addresses == ["file:///book/chapter.html#thm-growth"]


def test_contents_of_an_epub_have_a_list_for_every_chapter_with_sections() -> None:
    """One section, several, none, and a part that ends with sections."""
    depths = [("A", 0), ("A", 1), ("A", 1), ("A", 0), ("B", 0), ("B", 1), ("B", 1), ("B", 1)]
    chapters = [Chapter(f"{k}.xhtml", str(k), part, depth, "") for k, (part, depth) in enumerate(depths)]
    tree = ElementTree.fromstring(_contents(chapters))
    assert [len(level) for level in tree.iter("{http://www.w3.org/1999/xhtml}ol")] == [2, 2, 2, 1, 3]


def test_epub_is_what_a_reading_system_expects(made: Editions) -> None:
    """The type comes first and bare; all that the package names is there, and all that is there is named."""
    with zipfile.ZipFile(*made.places("epub")) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert archive.read("mimetype") == b"application/epub+zip"
        assert faults(archive) == []
        package = archive.read("EPUB/package.opf").decode()
    assert 'href="book-chapter.xhtml" media-type="application/xhtml+xml" properties="mathml"' in package
    assert "Some &amp; others" in package


def test_epub_keeps_formulas_drawings_and_links(made: Editions) -> None:
    """MathML with its display, the light drawing only, links from page to page; controls are gone."""
    with zipfile.ZipFile(*made.places("epub")) as archive:
        front, chapter, section = (archive.read(f"EPUB/{name}").decode() for name in CONTENTS)
        assert [name for name in archive.namelist() if name.endswith(".svg")] == ["EPUB/pictures/curve.svg"]
    assert len(re.findall(r'<math xmlns="[^"]*Math/MathML"', chapter)) == 4
    assert 'display="block"' in chapter
    assert 'href="book-chapter.xhtml#thm-growth"' in front
    assert 'href="book-chapter.xhtml">what went' in front
    assert ">the data<" not in front
    assert 'href="book-chapter.xhtml#equation-sum"' in section
    for part in ("<script", "<button", "Show code", "<details", "mjx-container"):
        assert part not in chapter


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [
        ("EPUB/book-chapter.xhtml", "</p>", "", "is no XML"),
        ("EPUB/book-index.xhtml", "#thm-growth", "#thm-decay", "leads nowhere"),
        ("EPUB/package.opf", 'href="pictures/curve.svg"', 'href="pictures/other.svg"', "not in the archive"),
        ("EPUB/contents.xhtml", "notebooks-growth.xhtml", "growth.xhtml", "leads nowhere"),
        ("EPUB/book-chapter.xhtml", 'id="twice"', 'id="thm-growth"', "twice"),
    ],
)
def test_faults_of_an_epub_are_seen(
    made: Editions, tmp_path: Path, name: str, old: str, new: str, fault: str
) -> None:
    """The check above is not blind: an archive with one thing wrong has one fault of that kind."""
    spoilt = tmp_path / "spoilt.epub"
    with zipfile.ZipFile(*made.places("epub")) as archive, zipfile.ZipFile(spoilt, "w") as copy:
        for entry in archive.namelist():
            text = archive.read(entry)
            copy.writestr(entry, text.replace(old.encode(), new.encode(), 1) if entry == name else text)
    with zipfile.ZipFile(spoilt) as archive:
        assert any(fault in found for found in faults(archive))


def test_single_file_needs_nothing_else(made: Editions, tmp_path: Path) -> None:
    """Opened elsewhere it asks for nothing, shows its formulas and picture, and links only within itself."""
    (folder,) = made.places("pages")
    names = [name.replace("xhtml", "html") for name in CONTENTS]
    assert sorted(path.name for path in folder.glob("*.html")) == sorted(names)
    with chromium() as browser:
        for name in names:
            file = tmp_path / name
            file.write_bytes((folder / name).read_bytes())
            assert asked_for(browser, file) == []
        view = browser.new_page()
        view.goto((tmp_path / "book-chapter.html").as_uri())
        widths = "[...document.querySelectorAll('mjx-container svg')].map((s) => s.getBoundingClientRect().width)"
        assert min(view.evaluate(widths)) > 5
        assert view.locator("a").count() == 1
        assert view.title() == "1. The rows of W"
        view.goto((tmp_path / "notebooks-growth.html").as_uri())
        assert view.evaluate("[...document.images].map((i) => i.naturalWidth)") == [72]


def test_what_a_page_asks_for_is_seen(made: Editions, tmp_path: Path) -> None:
    """One picture left outside is noticed."""
    (folder,) = made.places("pages")
    text = (folder / "notebooks-growth.html").read_text("utf-8")
    file = tmp_path / "page.html"
    file.write_text(re.sub(r'src="data:[^"]*"', 'src="curve.svg"', text), "utf-8")
    with chromium() as browser:
        assert asked_for(browser, file) == [(tmp_path / "curve.svg").as_uri()]


def asked_for(browser, file: Path) -> list[str]:
    """Everything but itself that a file makes the browser fetch."""
    view = browser.new_page()
    asked: list[str] = []
    view.on("request", lambda request: asked.append(request.url))
    view.goto(file.as_uri())
    view.close()
    return [address for address in asked if address != file.as_uri() and not address.startswith("data:")]


def faults(archive: zipfile.ZipFile) -> list[str]:
    """What is wrong with an EPUB: files, package, anchors, links."""
    found, trees = [], {}
    for name in archive.namelist():
        if name.endswith((".xhtml", ".opf", ".xml", ".svg")):
            try:
                trees[name] = ElementTree.fromstring(archive.read(name))
            except ElementTree.ParseError as error:
                found.append(f"{name} is no XML: {error}")
    if found:
        return found
    opf = "{http://www.idpf.org/2007/opf}"
    items = {f"EPUB/{item.get('href')}": item for item in trees["EPUB/package.opf"].iter(f"{opf}item")}
    ids = {item.get("id") for item in items.values()}
    found += [f"{name} is not in the archive" for name in items if name not in archive.namelist()]
    inside = {name for name in archive.namelist() if name.startswith("EPUB/")} - {"EPUB/package.opf"}
    found += [f"{name} is not in the package" for name in inside - set(items)]
    spine = trees["EPUB/package.opf"].iter(f"{opf}itemref")
    found += [f"spine: {place.get('idref')} is nothing" for place in spine if place.get("idref") not in ids]
    anchors = {name: [e.get("id") for e in tree.iter() if e.get("id")] for name, tree in trees.items()}
    found += [f"{name}: an id twice" for name, all_ids in anchors.items() if len(set(all_ids)) < len(all_ids)]
    found += [
        f"{name}: {link} leads nowhere"
        for name, tree in trees.items()
        if name.endswith(".xhtml")
        for link in _links(tree)
        if not _is_there(link, name, anchors)
    ]
    return found


def _links(tree: ElementTree.Element) -> Iterator[str]:
    addresses = (e.get("href") for e in tree.iter("{http://www.w3.org/1999/xhtml}a"))
    return (address for address in addresses if address and "://" not in address)


def _is_there(link: str, page: str, anchors: dict[str, list[str | None]]) -> bool:
    path, anchor = urldefrag(link)
    target = f"EPUB/{path}" if path else page
    return target in anchors and (not anchor or anchor in anchors[target])
