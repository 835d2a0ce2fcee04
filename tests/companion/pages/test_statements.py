"""The graph of statements, and the build that refuses a bad argument."""

import json
import os
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from extension import extension as load
from small_project import ROOT
from statements_book import FIRST, SECOND, statements_book

from ntp_lib.companion.pages.site import build_site
from ntp_lib.companion.reproduction.errors import PublicationError

HTML = Path(os.environ.get("BOOK_HTML") or ROOT / "_build" / "html")
GRAPH = HTML / "_static" / "statements.json"


@pytest.fixture(scope="module")
def extension() -> ModuleType:
    """The extension as a module."""
    module: ModuleType = load("statements")
    return module


def _graph(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "_static" / "statements.json").read_text("utf-8"))
    return content


def test_graph_of_a_small_book(book_of_statements: Path) -> None:
    """Edges through references and formulas; a proof belongs to what it names, else to what precedes it."""
    graph = _graph(book_of_statements)
    needs = {tuple(edge) for edge in graph["needs"]}
    assert needs == {
        ("lem-helper", "def-size"),
        ("thm-main", "lem-helper"),
        ("lem-late", "thm-main"),
        ("lem-late", "lem-helper"),
        ("cor-last", "lem-late"),
        # The small project's own chapter: its proof cites a formula of its own theorem, which is no edge.
    }
    assert ["thm-main", "def-size"] in graph["mentions"]
    main = graph["statements"]["thm-main"]
    assert (main["name"], main["kind"], main["page"], main["proved"]) == (
        "Theorem 2.1",
        "theorem",
        "book/first",
        True,
    )


def test_build_refuses_a_bad_argument(tmp_path: Path) -> None:
    """A circle, a step that leans on a later chapter, a missing proof and a stray one: each stops the build.

    The book differs only by them from the one that the build accepts.
    """
    first = FIRST.replace("By {prf:ref}`def-size`:", "By {prf:ref}`thm-main`:")
    first = first.replace("By {prf:ref}`lem-helper`.", "By {prf:ref}`lem-helper` and {prf:ref}`lem-late`.")
    second = SECOND.replace("```{prf:proof}\nBy {prf:ref}`lem-late`.\n```", "By {prf:ref}`lem-late`.")
    second = second.replace("{eq}`eq-main`", "words")
    second = second.replace("# Second chapter\n", "# Second chapter\n\n```{prf:proof}\nBecause.\n```\n")
    with pytest.raises(PublicationError) as failure:
        build_site(statements_book(tmp_path, first=first, second=second))
    message = str(failure.value)
    assert "book/first.md: WARNING: proofs in a circle: " in message
    assert "thm-main uses lem-" in message
    assert "the proof of 'thm-main' refers to 'lem-late' of the later chapter book/second" in message
    assert "book/second.md: WARNING: corollary 'cor-last' has no proof" in message
    assert "a proof that belongs to no statement: Proof. Because." in message
    assert message.count("WARNING") == 4


def test_argument_of_the_book(extension: ModuleType) -> None:
    """The book that lies built argues forwards, without a circle, and proves what it states."""
    if not GRAPH.is_file():
        pytest.skip(f"no built book in {HTML}: make book")
    graph = json.loads(GRAPH.read_text("utf-8"))
    assert len(graph["needs"]) > 100
    assert extension.faults(graph) == []
    # Control: one edge against the reading order, one within a chapter that closes a circle.
    user, used = next(edge for edge in graph["needs"] if _pages(graph, edge)[0] != _pages(graph, edge)[1])
    assert len(extension.faults({**graph, "needs": [*graph["needs"], [used, user]]})) == 2
    user, used = next(edge for edge in graph["needs"] if _pages(graph, edge)[0] == _pages(graph, edge)[1])
    assert len(extension.faults({**graph, "needs": [*graph["needs"], [used, user]]})) == 1


def _pages(graph: dict[str, Any], edge: list[str]) -> list[str]:
    return [graph["statements"][label]["page"] for label in edge]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.curves: list[tuple[str, str]] = []
        self.cited: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found["id"]} if "id" in found else set()
        if tag == "a" and "data-label" in found:
            self.links.append(found["href"])
        if tag == "path" and "data-user" in found:
            self.curves.append((found["data-user"], found["data-used"]))
        if "data-cite" in found:
            self.cited[found["href"]] = found["data-cite"]


def _read(page: Path) -> _Links:
    parser = _Links()
    parser.feed(page.read_text("utf-8"))
    return parser


def test_map_links_every_statement(book_of_statements: Path) -> None:
    """Two drawings with every edge of the graph; each box leads to an anchor that exists."""
    page = _read(book_of_statements / "book" / "argument.html")
    edges = [tuple(edge) for edge in _graph(book_of_statements)["needs"]]
    assert page.curves == 2 * edges
    assert len(page.links) == 2 * len(set(page.links))
    assert {"first.html#thm-main", "first.html#def-size", "second.html#cor-last"} <= set(page.links)
    for address in set(page.links):
        name, _, anchor = address.partition("#")
        assert anchor in _read(book_of_statements / "book" / name).anchors


def test_map_in_words(book_of_statements: Path) -> None:
    """Who does not see the drawing reads the same as a list."""
    text = (book_of_statements / "book" / "argument.html").read_text("utf-8")
    words = text.partition("ntp-argument-words")[2]
    assert 'href="first.html#thm-main">Theorem 2.1</a> uses <a' in words.replace(' class="reference internal"', "")
    assert ": its proof uses no other." in words


def test_bibtex(book_of_statements: Path) -> None:
    """Label, number and version; no macro of the book, no character special to TeX, no address unknown."""
    entry = _read(book_of_statements / "book" / "first.html").cited["#thm-main"]
    assert entry.startswith("@incollection{ntp-thm-main,\n")
    assert "  title = {Theorem 2.1: The limit of $P_{\\mathcal{F}} W$ (ours, 50 \\%)}," in entry.replace(
        "{P_{\\mathcal{F}}}", "P_{\\mathcal{F}}"
    )
    assert "Label thm-main in the chapter ``First chapter'', version 0.1.0" in entry
    assert "Where next-token training goes" in entry
    assert "url" not in entry
    assert entry.count("{") == entry.count("}")
    assert "Definition 2.1: Size \\& shape" in _read(book_of_statements / "book" / "first.html").cited["#def-size"]


def test_statements_lead_to_their_claims(book_of_statements: Path) -> None:
    """Also a claim whose label is a formula inside the statement; the anchors exist."""
    text = (book_of_statements / "book" / "first.html").read_text("utf-8")
    line = text.partition("Checked: ")[2].partition("</p>")[0]
    assert 'href="claims.html#claim-growth">growth</a>' in line
    assert 'href="claims.html#claim-formula">formula</a>' in line
    assert {"claim-growth", "claim-formula"} <= _read(book_of_statements / "book" / "claims.html").anchors
    assert text.count("Checked: ") == 1


def test_proofs_are_open_in_the_file_and_end(book_of_statements: Path) -> None:
    """Without scripts everything is read; each proof says of what it is one and has one end mark."""
    text = (book_of_statements / "book" / "first.html").read_text("utf-8")
    assert text.count('<details class="ntp-proof" id="proof-of-') == 2
    assert text.count('open="open"') == 2
    assert "<summary>Proof of Theorem 2.1</summary>" in text
    assert "<summary>Proof of Lemma 2.1</summary>" in text
    assert text.count("∎") == 2
    assert "Proof. " not in text
    assert 'class="ntp-end-alone"' in text.partition("proof-of-lem-helper")[2].partition("</details>")[0]
    in_a_list = (book_of_statements / "book" / "second.html").read_text("utf-8")
    assert '<span class="ntp-end">∎</span></p></li>' in in_a_list
