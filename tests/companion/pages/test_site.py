"""The built site: strict, complete, published as a whole, rebuilt only when something changed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ntp_lib.companion.cli.book import book_command
from ntp_lib.companion.pages.offline_check import external_resources
from ntp_lib.companion.pages.site import Site, build_site, content_key, problems
from ntp_lib.companion.pages.staging import stage
from ntp_lib.companion.reproduction.errors import PublicationError
from ntp_lib.companion.reproduction.project import Project


@pytest.fixture
def built(published: Path) -> tuple[Project, Site]:
    """The small project with its book, repository address set."""
    return Project(published.parents[1]), Site(published, rebuilt=True)


def test_downloaded_notebook_is_the_executed_one(built: tuple[Project, Site]) -> None:
    """The download button gives pictures instead of directives, without the pipeline's traces."""
    _, site = built
    assert "../_sources/notebooks/growth.ipynb" in (site.folder / "notebooks" / "growth.html").read_text("utf-8")
    text = (site.folder / "_sources" / "notebooks" / "growth.ipynb").read_text("utf-8")
    assert "image/png" in text
    assert "ntp-figure}" not in text
    assert "papermill" not in text


def test_figure_is_numbered_described_and_downloadable(built: tuple[Project, Site]) -> None:
    """Both drawings with the alternative text, the paper's number and three downloads."""
    _, site = built
    page = (site.folder / "notebooks" / "growth.html").read_text("utf-8")
    assert page.count('alt="The norm grows with every step."') == 2
    for words in ("Fig. 1.1", "only-light", "only-dark", "Figure 9 of the paper", "growth-curve.csv"):
        assert words in page
    front = (site.folder / "book" / "index.html").read_text("utf-8")
    assert "growth-curve.svg" in front
    assert "Fig. 1" not in front


def test_buttons_follow_the_address(built: tuple[Project, Site], small_book: Path) -> None:
    """With an address a page links to repository, editor, Binder and Colab; without it, to none of them."""
    _, site = built
    page = (site.folder / "notebooks" / "growth.html").read_text("utf-8")
    addresses = (
        "github.com/o/n/edit/main/notebooks/growth.ipynb",
        "mybinder.org/v2/gh/o/n/main",
        "colab.research",
    )
    assert [address for address in addresses if address not in page] == []
    page = (small_book / "notebooks" / "growth.html").read_text("utf-8")
    assert [address for address in ("github.com", "mybinder", "colab.", "thebe") if address in page] == []


def test_punctuation_stays_with_its_formula(built: tuple[Project, Site]) -> None:
    """A comma after a formula cannot begin a line."""
    _, site = built
    page = (site.folder / "book" / "index.html").read_text("utf-8")
    assert r'<span class="ntp-unbroken"><span class="math notranslate nohighlight">\(\Wmm\)</span>,</span>' in page


def test_site_is_self_contained(built: tuple[Project, Site]) -> None:
    """No external resource, no source maps, MathJax and search in place."""
    _, site = built
    assert external_resources(site.folder) == []
    assert list(site.folder.rglob("*.map")) == []
    for path in ("_static/mathjax/tex-svg-full.js", "searchindex.js", ".nojekyll", "index.html"):
        assert (site.folder / path).is_file(), path


def test_unchanged_book_is_kept(built: tuple[Project, Site]) -> None:
    """Nothing changed, nothing built."""
    project, site = built
    assert build_site(project) == Site(site.folder, rebuilt=False)


@pytest.mark.parametrize("path", ["book/chapter.md", "book/_static/book.css", "book/_ext/offline.py", "_toc.yml"])
def test_any_change_calls_for_a_build(project: Project, path: str) -> None:
    """The key sees pages, style, extensions and contents."""
    before = content_key(project, stage(project))
    with (project.root / path).open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    assert content_key(project, stage(project)) != before


def test_lock_file_calls_for_a_build(project: Project) -> None:
    """Other package versions may draw other pages."""
    before = content_key(project, stage(project))
    project.lock_file.write_text("sphinx==7.4.7\n", "utf-8")
    assert content_key(project, stage(project)) != before


def test_warning_fails_the_build_and_keeps_the_book(project: Project) -> None:
    """Every warning is listed with the path of its source; the book that was there is untouched."""
    book = project.build / "html"
    book.mkdir(parents=True)
    (book / "index.html").write_text("earlier", "utf-8")
    (book / ".build-key").write_text("another", "utf-8")
    with (project.root / "book" / "chapter.md").open("a", encoding="utf-8") as chapter:
        chapter.write("\n{numref}`no-such-figure` and [nowhere](nowhere.md)\n\n```{ntp-figure} no-figure\n```\n")
    with pytest.raises(PublicationError) as failure:
        build_site(project)
    message = str(failure.value)
    for words in ("no-such-figure", "nowhere.md", "no figure 'no-figure'; recorded figures: growth-curve"):
        assert words in message
    assert "  book/chapter.md:" in message
    assert str(project.root) not in message
    assert (book / "index.html").read_text("utf-8") == "earlier"


def test_log_without_a_warning_shows_its_end(tmp_path: Path) -> None:
    """A crash is not hidden because it is worded unexpectedly."""
    log = "\n".join(f"line {number}" for number in range(50))
    assert problems(log, tmp_path).split() == " ".join(f"line {number}" for number in range(30, 50)).split()


@pytest.mark.parametrize(
    ("html", "count"),
    [
        ('<script src="https://cdn.example/x.js"></script>', 1),
        ('<img src="//cdn.example/x.png">', 1),
        ('<link rel="stylesheet" href="http://cdn.example/x.css">', 1),
        ('<a href="https://arxiv.org/abs/2402.18551">paper</a>', 0),
        ('<link rel="canonical" href="https://book.example/">', 0),
        ('<img src="_images/x.png">', 0),
    ],
)
def test_external_resources_are_found(tmp_path: Path, html: str, count: int) -> None:
    """What a page loads counts, what a reader may click does not."""
    (tmp_path / "page.html").write_text(html, "utf-8")
    assert len(external_resources(tmp_path)) == count


def test_command_says_where_to_look(built: tuple[Project, Site], monkeypatch: pytest.MonkeyPatch) -> None:
    """``ntp book`` ends with the address to open."""
    project, site = built
    monkeypatch.chdir(project.root)
    result = CliRunner().invoke(book_command)
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == f"Open {site.front_page.as_uri()}"


def test_command_without_runs(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """``ntp book`` before ``ntp run`` fails and names the command that is missing."""
    project.runs.replace(project.build / "elsewhere")
    monkeypatch.chdir(project.root)
    result = CliRunner().invoke(book_command)
    assert result.exit_code == 1
    assert "run `ntp run --all` first" in result.output


def test_record_of_the_stage_is_readable(project: Project) -> None:
    """The stage's notebook is valid JSON with unique cell names."""
    notebook = json.loads((stage(project) / "notebooks" / "growth.ipynb").read_text("utf-8"))
    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)
