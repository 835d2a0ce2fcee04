"""Search: results by number, symbol and spelling, chapters first, names and excerpts without markup."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from book_browser import served
from book_search import ALL_SHOWN, AS_IT_COMES, QUERIES, answers, missed
from built_once import built_once
from extension import extension
from small_project import ROOT, small_project

from ntp_lib.companion.pages.site import build_site
from ntp_lib.companion.reproduction.errors import PublicationError
from ntp_lib.companion.reproduction.project import Project

search_terms = extension("search_terms")

HTML = Path(os.environ.get("BOOK_HTML") or ROOT / "_build" / "html").resolve()
BUILT = (HTML / "names.json").is_file()
needs_book = pytest.mark.skipif(not BUILT, reason=f"no built book in {HTML}: make book")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("regularization", "regularisation"),
        ("optimizers", "optimisers"),
        ("analyze", "analyse"),
        ("behavior", "behaviour"),
        ("labeled", "labelled"),
        ("center", "centre"),
        ("size", "size"),
        ("prize", "prize"),
        ("margin", "margin"),
    ],
)
def test_one_spelling(word: str, meant: str) -> None:
    """American endings become the book's; short words and others stay."""
    assert search_terms.british(word) == meant


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("Gradient descent (paper, Theorem 2)", ["Theorem 2"]),
        ("Loss and norm (paper, Lemmas 2 and 3)", ["Lemma 2", "Lemma 3"]),
        ("What happens (paper, Lemma 4, parts 1–4)", ["Lemma 4"]),
        ("Figure 4 of the paper.)", ["Figure 4"]),
        ("Theorem 2 sharpened (not in the paper)", []),
        ("Entropy bound (paper, §2)", []),
    ],
)
def test_names_that_the_paper_gives(title: str, names: list[str]) -> None:
    """Plural and several numbers; a statement that is not the paper's has none."""
    assert list(search_terms.paper_names(title)) == names


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("The data subspace (paper, (5))", "The data subspace"),
        ("Convexity (standard; proof included)", "Convexity"),
        ("The limit of f(x) (not in the paper)", "The limit of f(x)"),
    ],
)
def test_title_without_its_source(title: str, kept: str) -> None:
    """What is in brackets about the paper goes, other brackets stay."""
    assert search_terms.ASIDE.sub("", title) == kept


@needs_book
@pytest.mark.browser
def test_queries_of_the_book(browser: Any) -> None:
    """Of what readers ask at least four in five have a right page among the first three answers."""
    with served(HTML) as base:
        view = _opened(browser, base)
        wrong = missed(view)
        view.close()
    assert len(QUERIES) >= 20
    assert len(QUERIES) - len(wrong) >= 0.8 * len(QUERIES), wrong


@needs_book
@pytest.mark.browser
def test_control_without_the_entries_readers_are_lost(browser: Any) -> None:
    """The same queries, asked of Sphinx as it comes, fail the bar: the entries are what answers them."""
    with served(HTML) as base:
        view = browser.new_page()
        view.route("**/search_terms.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
        view.goto(f"{base}/search.html?q=margin")
        view.wait_for_function("Search.hasIndex()")
        view.evaluate(AS_IT_COMES)
        wrong = missed(view)
        view.close()
    assert len(QUERIES) - len(wrong) < 0.8 * len(QUERIES)


def _with_aliases(folder: Path) -> Project:
    project = small_project(folder)
    book = project.root / "book"
    (book / "aliases.yml").write_text(
        "def-growth: [ascent]\nbook/chapter: [second page]\nsplit: [split]\n", "utf-8"
    )
    chapter = (book / "chapter.md").read_text("utf-8")
    (book / "chapter.md").write_text(chapter.replace("A box.", "We optimise $\\Wmm$ of $\\norm{W_k}$."), "utf-8")
    return project


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the small book, with aliases of its own and an example of a spelling."""
    with served(built_once(tmp_path_factory, "book-with-aliases", _with_aliases)) as base:
        yield base


@pytest.fixture(scope="module")
def results(browser: Any, small: str) -> Iterator[Any]:
    """The page of results of the small book, opened once: a query changes nothing on it."""
    view = _opened(browser, small)
    yield view
    view.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("Theorem 1.1", ["book/chapter", "#thm-growth"]),
        ("thm. (1.1)", ["book/chapter", "#thm-growth"]),
        ("definition 1.1", ["book/chapter", "#def-growth"]),
        ("eq (1.1)", ["book/chapter", "#equation-split"]),
        ("(1.1)", ["book/chapter", "#equation-split"]),
        ("Figure 9", ["notebooks/growth", "#growth-curve"]),
        ("ascent", ["book/chapter", "#def-growth"]),
        ("optimize", ["book/chapter", ""]),
    ],
)
def test_result_is_found(results: Any, query: str, place: list[str]) -> None:
    """By number, abbreviation, the paper's number, alias and American spelling."""
    page, _, anchor = answers(results, [query])[query][0]
    assert [page, anchor] == place


@pytest.mark.browser
def test_page_of_results_reads_well(browser: Any, small: str) -> None:
    """A result has its name and its chapter's, and neither name nor excerpt shows TeX or tags."""
    view = browser.new_page()
    view.goto(f"{small}/search.html?q=Theorem%201.1")
    view.wait_for_function(ALL_SHOWN)
    titles = view.locator("#search-results ul.search li > a").all_inner_texts()
    view.goto(f"{small}/search.html?q=optimise")
    view.wait_for_function(ALL_SHOWN)
    excerpts = view.locator("#search-results ul.search p.context").all_inner_texts()
    view.close()
    assert titles[0] == "Theorem 1.1 — 1. A chapter"
    assert "We optimise Wᵐᵐ of ‖W_k‖." in " ".join(excerpts)
    assert "\\" not in " ".join(excerpts)


def test_unknown_alias_is_an_error(tmp_path: Path) -> None:
    """An alias that leads nowhere stops the build and is named."""
    project = small_project(tmp_path)
    (project.root / "book" / "aliases.yml").write_text("thm-nowhere: [nowhere]\n", "utf-8")
    with pytest.raises(PublicationError, match="thm-nowhere"):
        build_site(project)


def _opened(browser: Any, base: str) -> Any:
    view = browser.new_page()
    view.goto(f"{base}/search.html?q=margin")
    view.wait_for_function("Search.hasIndex()")
    return view
