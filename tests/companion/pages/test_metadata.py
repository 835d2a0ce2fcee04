"""What pages say of themselves: descriptions, tags, addresses only where there is one, a page for lost readers."""

import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from docutils import nodes
from extension import extension

readable, metadata = extension("readable"), extension("metadata")
ADDRESSES = re.compile(r'rel="canonical"|og:url|citation_public_url')


class Head(HTMLParser):
    """Titles, links and meta tags of a page's head."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.meta: list[tuple[str, str]] = []
        self.canonical = ""
        self.feed(text.partition("</head>")[0])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what belongs to the page."""
        values = {name: value or "" for name, value in attrs}
        if tag == "meta" and "content" in values:
            self.meta.append((values.get("name") or values.get("property") or "", values["content"]))
        if tag == "link" and values.get("rel") == "canonical":
            self.canonical = values["href"]


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"\Wmm", "Wᵐᵐ"),
        (r"\norm{W_k} \to \infty", "‖W_k‖ → ∞"),
        (r"d \ge m-1", "d ≥ m-1"),
        (r"\int_0^1 f", "…"),
        (r"\mathcal{F}", "F"),
        (r"\hat p", "p"),
    ],
)
def test_formula_as_text(tex: str, text: str) -> None:
    """What cannot be said in a line is an ellipsis, never a command."""
    assert readable.formula(tex) == text


def test_description_is_cut_at_a_sentence_or_a_word() -> None:
    """No word is cut in two."""
    sentence = "A sentence that is longer than the sixty characters a description needs."
    assert metadata.shortened(f"{sentence} {'word ' * 40}") == sentence
    cut = metadata.shortened("word, " * 60)
    assert cut.endswith("word …")
    assert len(cut) <= metadata.LONGEST + 2


def test_description_is_the_first_paragraph_that_says_something() -> None:
    """A caption or a short line does not describe a page."""
    long = "A paragraph that is long enough to describe what the page is about, and says it."
    section = nodes.section("", nodes.title("", "T"), nodes.paragraph("", "Short."))
    section += nodes.admonition("", nodes.paragraph("", long.upper()))
    section += nodes.paragraph("", "", nodes.strong("", "The question."), nodes.Text(f" {long}"))
    document = SimpleNamespace(findall=section.findall)
    assert metadata.description(document) == long
    assert metadata.description(SimpleNamespace(findall=nodes.section().findall)) == ""


@pytest.mark.parametrize("page", ["book/index", "book/chapter", "notebooks/growth"])
def test_page_describes_itself(published: Path, page: str) -> None:
    """Each tag is there once, and the page's address is its own."""
    head = Head((published / f"{page}.html").read_text("utf-8"))
    names = [name for name, _ in head.meta if name]
    found = dict(head.meta)
    for name in (
        "viewport",
        "citation_title",
        "citation_author",
        "citation_publication_date",
        "og:title",
        "og:type",
    ):
        assert names.count(name) == 1, name
    address = f"https://o.github.io/n/{page}.html"
    assert head.canonical == found["og:url"] == found["citation_public_url"] == address
    assert found["citation_publication_date"] == "2026"
    assert found["og:site_name"] == "Where next-token training goes"


def test_description_has_no_markup(published: Path) -> None:
    """Formulas are text, quotation marks and tags are harmless."""
    found = dict(Head((published / "book" / "chapter.html").read_text("utf-8")).meta)
    text = "How long does Wᵐᵐ take to “arrive”, and why does … not matter for <what> follows?"
    assert found["description"] == found["og:description"] == text


def test_title_is_said_once(published: Path) -> None:
    """The front page's title is the book's; other pages name page and book."""
    front = re.findall("<title>(.*)</title>", (published / "book" / "index.html").read_text("utf-8"))
    assert front == ["A small book"]
    chapter = (published / "book" / "chapter.html").read_text("utf-8")
    assert "A chapter &#8212; Where next-token training goes</title>" in chapter


def test_site_map_names_every_page(published: Path) -> None:
    """All of them, with their address, and nothing that is no page."""
    root = ElementTree.parse(published / "sitemap.xml").getroot()
    found = {(entry.text or "").removeprefix("https://o.github.io/n/") for entry in root.iter() if entry.text}
    pages = {
        path.relative_to(published).as_posix()
        for name in ("book", "notebooks")
        for path in (published / name).glob("*.html")
    }
    assert found == pages


@pytest.mark.parametrize(
    ("base", "home"), [("https://o.github.io/n/", "https://o.github.io/n/"), ("", "index.html")]
)
def test_lost_readers_are_led_back(tmp_path: Path, base: str, home: str) -> None:
    """The page needs no other file; without an address there are neither absolute links nor a site map."""
    metadata.write_files(_app(tmp_path, base), None)
    text = (tmp_path / "404.html").read_text("utf-8")
    assert f'href="{home}"' in text
    assert not re.search(r'<(script|img)|rel="stylesheet"', text)
    assert (tmp_path / "sitemap.xml").exists() == bool(base)
    assert ("https://" in text) == bool(base)


@pytest.mark.parametrize("base", ["https://o.github.io/n/", ""])
def test_no_address_no_tag_of_one(tmp_path: Path, base: str) -> None:
    """The tags with an address are there with one, which is the control, and not without."""
    names = {name for _, name, _ in metadata.tags(_app(tmp_path, base), "book/chapter", "A chapter", "Text")}
    assert bool(ADDRESSES.search(" ".join(names))) == bool(base)
    assert {"citation_title", "og:description"} <= names


def _app(folder: Path, base: str) -> Any:
    config = SimpleNamespace(
        html_baseurl=base,
        html_title="A book",
        author="us",
        copyright="2026. Text",
        language="en",
        root_doc="index",
    )
    builder = SimpleNamespace(format="html", get_target_uri=lambda page: f"{page}.html")
    env = SimpleNamespace(found_docs={"index", "book/chapter"})
    return SimpleNamespace(config=config, builder=builder, env=env, outdir=str(folder))
