"""Making editions: what is refused, what stays when it is interrupted, what is not made twice."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from small_site import SECTION, write_page

from ntp_lib.companion.cli.main import main
from ntp_lib.companion.editions import chromium, making
from ntp_lib.companion.editions.built_book import open_book
from ntp_lib.companion.editions.chromium import typeset
from ntp_lib.companion.editions.making import Editions, make_editions
from ntp_lib.companion.pages.site import KEY_FILE
from ntp_lib.companion.reproduction.errors import PublicationError
from ntp_lib.companion.reproduction.project import Project


def editions(project: Project, *arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["--project", str(project.root), "editions", *arguments])


def test_contents_are_those_of_the_navigation(site: Project) -> None:
    """Front page first, then part by part; a section is deeper than its chapter."""
    pages = open_book(site).pages
    assert [(page.path, page.part, page.depth) for page in pages] == [
        ("book/index.html", "", 0),
        ("book/chapter.html", "The theory", 0),
        ("notebooks/growth.html", "The theory", 1),
    ]


def test_text_has_everything_and_an_index(site: Project) -> None:
    """Titles, formulas as TeX, tables and alternative texts; the summary is a page's first sentence."""
    result = editions(site, "--only", "text")
    assert result.exit_code == 0, result.output
    index, full = ((site.build / "editions" / name).read_text("utf-8") for name in ("llms.txt", "llms-full.txt"))
    assert "## The theory" in index
    assert r"- [1. The rows of \(W\)](book/chapter.html): The norm is \(\lVert W\rVert\)." in index
    for words in (r"(1.1)\[\sum_{j} \hat\pi_j \le 1 < 2\]", "> Theorem 1.1", r"| 1 | 2 \| 3 |", "x < 1\ny"):
        assert words in full
    assert "[Figure: It grows.]" in full
    assert full.count("It grows.") == 1
    assert "Copy" not in full


def test_without_a_book(site: Project) -> None:
    """Nothing is made, and the command that is missing is named."""
    (site.build / "html" / KEY_FILE).unlink()
    result = editions(site)
    assert result.exit_code == 1
    assert "run `make book` first" in result.output
    assert not (site.build / "editions").exists()


def test_without_a_page(site: Project) -> None:
    """A page of the contents that is missing is named."""
    (site.build / "html" / "notebooks" / "growth.html").unlink()
    result = editions(site, "--only", "text")
    assert result.exit_code == 1
    assert "notebooks/growth.html" in result.output


def test_without_a_browser(site: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs none is made all the same."""
    monkeypatch.setattr(chromium.shutil, "which", lambda name: None)
    result = editions(site)
    assert result.exit_code == 1
    assert "no Chromium on this machine" in result.output
    assert (site.build / "editions" / "llms.txt").is_file()
    assert not list((site.build / "editions").glob("*.pdf"))


def test_what_is_made_is_kept_until_the_book_changes(site: Project) -> None:
    """The same book is not made twice unless asked for; another book is."""
    assert "kept" not in editions(site, "--only", "text").output
    assert "nothing has changed; kept" in editions(site, "--only", "text").output
    assert "kept" not in editions(site, "--only", "text", "--fresh").output
    write_page(site.build / "html", "notebooks/growth", SECTION.replace("A curve", "Another curve"))
    (site.build / "html" / KEY_FILE).write_text("two", "utf-8")
    assert "kept" not in editions(site, "--only", "text").output
    assert "Another curve" in (site.build / "editions" / "llms-full.txt").read_text("utf-8")


def test_interrupted_work_leaves_the_earlier_edition(site: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a file is never seen, and the next call makes a whole one."""
    make_editions(site, ["text"], say=lambda line: None)
    folder = site.build / "editions"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def half(book: Any, index: Path, full: Path) -> None:
        index.write_text("half", "utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr(making, "write_plain_text", half)
    assert editions(site, "--only", "text", "--fresh").exit_code == 130
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    monkeypatch.undo()
    assert editions(site, "--only", "text", "--fresh").exit_code == 0


@pytest.mark.browser
def test_formula_with_an_error_is_quoted(made: Editions, site: Project) -> None:
    """A formula that MathJax refuses stops the edition; a sound one does not."""
    book = open_book(site)
    with chromium.chromium() as browser:
        assert len(typeset(browser, book, [r"\(x\)", r"\[y\]", r"\(x\)"]).formulas) == 2
        with pytest.raises(PublicationError, match="frac"):
            typeset(browser, book, [r"\(x\)", r"\(\frac{1\)"])
