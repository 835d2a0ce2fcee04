"""The paper's equation numbers lead to their rows on *Paper and book*."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

ROOT = Path(__file__).resolve().parents[3]
ROLE = re.compile(r"\{paper\}`([^`]*)`")
PAGE = """# Paper and book

| Paper | Content |
|---|---|
| (6a), (6b) | separation |
| (20)–(23) | thresholds |
"""
# Sphinx changes its default of the last in place, so that earlier builds of the process would be remembered.
CONFIGURATION = "extensions = ['myst_parser', 'paper_numbers']\nsource_suffix = {'.md': 'markdown'}"
INDEX = "# Book\n\n```{toctree}\nbook/chapter\nbook/paper-and-book\n```\n"
CHAPTERS = ("soft-labels", "conditions", "margin", "regularisation-path", "gradient-descent", "other-optimisers")
Build = Callable[[str], tuple[str, str]]


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """A function that builds one chapter beside the page and returns its HTML and what was complained about."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "book" / "_ext"), *sys.path])

    def build(chapter: str) -> tuple[str, str]:
        source, out = tmp_path / "source", tmp_path / "out"
        (source / "book").mkdir(parents=True, exist_ok=True)
        (source / "conf.py").write_text(CONFIGURATION, "utf-8")
        (source / "index.md").write_text(INDEX, "utf-8")
        (source / "book" / "paper-and-book.md").write_text(PAGE, "utf-8")
        (source / "book" / "chapter.md").write_text(f"# Chapter\n\n{chapter}\n", "utf-8")
        warnings = tmp_path / "warnings"
        with warnings.open("w", encoding="utf-8") as stream, patch_docutils(), docutils_namespace():
            Sphinx(source, source, out, out / "doctrees", "html", status=None, warning=stream).build()
        return (out / "book" / "chapter.html").read_text("utf-8"), warnings.read_text("utf-8")

    yield build
    sys.modules.pop("paper_numbers", None)


@pytest.mark.parametrize("number", ["6a", "6b", "20", "22", "23"])
def test_a_number_leads_to_its_row(built: Build, number: str, tmp_path: Path) -> None:
    page, warnings = built(f"See {{paper}}`{number}`.")
    assert not warnings
    assert re.search(rf'href="paper-and-book\.html#paper-{number}"[^>]*>.*?\({number}\)</', page)
    assert f'id="paper-{number}"' in (tmp_path / "out" / "book" / "paper-and-book.html").read_text("utf-8")


@pytest.mark.parametrize("number", ["6", "24", "2"])
def test_a_number_without_a_row_is_named(built: Build, number: str) -> None:
    """The control: 6 is part of a name, 24 and 2 stand beside what the page names."""
    page, warnings = built(f"See {{paper}}`{number}`.")
    assert f"chapter.md:3: WARNING: the page book/paper-and-book has no row for the paper's ({number})" in warnings
    assert f"({number})" in page
    assert f"#paper-{number}" not in page


def test_the_chapters_use_the_role() -> None:
    """Where a chapter of the first part says "the paper's (9)", the number is a link."""
    bare = re.compile(r"[Pp]aper(?:'s)?,? \(\d+[a-z]?\)")
    assert bare.search("This is the paper's (9), there with")
    texts = {name: (ROOT / "book" / f"{name}.md").read_text("utf-8") for name in CHAPTERS}
    prose = {name: re.sub(r"^```+\{prf:.*$", "", text, flags=re.M) for name, text in texts.items()}
    assert {name: bare.findall(text) for name, text in prose.items() if bare.search(text)} == {}
    assert sum(len(ROLE.findall(text)) for text in texts.values()) >= 15
