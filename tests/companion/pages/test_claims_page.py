"""The page of claims: every claim with its checks, as the runs recorded them."""

import shutil

import pytest
from edited_runs import edit_run
from small_project import NOTEBOOK, ROOT, write_run

from ntp_lib.companion.pages.site import build_site
from ntp_lib.companion.pages.staging import stage
from ntp_lib.companion.reproduction.errors import PublicationError
from ntp_lib.companion.reproduction.ledger import load_ledger
from ntp_lib.companion.reproduction.project import Project

LEDGER = r"""
required: [growth]
claims:
  growth:
    statement: The sequence grows, $\norm{W_k} \to \infty$.
    paper: Theorem 1
    label: thm-growth
    assumptions: [ten steps, "$\\eta > 0$"]
    state: proved
    checks: [growth/grows]
  the-split:
    statement: The loss splits.
    paper: null
    label: split
    assumptions: []
    state: derived
    checks: [growth/grows]
"""


@pytest.fixture
def claimed(project: Project) -> Project:
    """The small project with a ledger and the real book's page of claims."""
    shutil.copy(ROOT / "book" / "claims.md", project.book)
    text = (project.book / "claims.md").read_text("utf-8")
    (project.book / "claims.md").write_text(text.replace("{doc}`errata`", "errata"), "utf-8")
    toc = (project.root / "_toc.yml").read_text("utf-8")
    (project.root / "_toc.yml").write_text(
        toc.replace("book/how-verified", "book/how-verified\n  - file: book/claims")
    )
    project.ledger.write_text(LEDGER, "utf-8")
    return project


def _page(project: Project) -> str:
    return (stage(project) / "book" / "claims.md").read_text("utf-8")


def _without_checks(project: Project) -> None:
    edit_run(project.runs / NOTEBOOK, checks=())


def test_claims_with_their_places_checks_and_states(claimed: Project) -> None:
    """Statement, reference, paper, state; and each check with observed value, bound, control and reason."""
    page = _page(claimed)
    assert "% generated" not in page
    assert "[2 of 2]{.ntp-good} claims are supported" in page
    row = r"| `growth` The sequence grows, $\norm{W_k} \to \infty$. | {prf:ref}`thm-growth`; Theorem 1 "
    assert row + "| proved, [1 of 1 checks hold]{.ntp-good} |" in page
    assert (
        "| `the-split` The loss splits. | {eq}`split`; ours | derived, [1 of 1 checks hold]{.ntp-good} |" in page
    )
    assert "(claim-growth)=\n\n:" in page
    assert "[In the book: {prf:ref}`thm-growth`]{.ntp-claim-place}. In the paper: Theorem 1." in page
    assert ":::::{admonition} `growth`: proved, [1 of 1 checks hold]{.ntp-good}" in page
    assert r"Assumed: ten steps; $\eta > 0$." in page
    assert "In the paper: not there; it is ours.\n\nAssumed: nothing." in page
    link = "[growth/grows](../notebooks/growth.ipynb#how-this-page-was-computed)"
    item = (
        f"- {link}: observed 4.5, required ≥ 1, control 0; [holds, control fails]{{.ntp-good}}. Why this bound: "
    )
    assert item in page


def test_claim_whose_check_is_gone(claimed: Project) -> None:
    """A missing check shows as such, with its reason in words that are not markup."""
    _without_checks(claimed)
    page = _page(claimed)
    assert "[0 of 2]{.ntp-bad} claims are supported" in page
    assert "): [the run of growth recorded no check at all]{.ntp-bad}." in page


def test_claim_of_a_stale_run(claimed: Project) -> None:
    """Numbers of a stale run are shown, and not called good."""
    claimed.lock_file.write_text("numpy==3\n", "utf-8")
    page = _page(claimed)
    assert "observed 4.5, required ≥ 1, control 0; [the run of growth is stale (req" in page


def test_notebook_without_a_page_is_not_linked(claimed: Project) -> None:
    """Only notebooks of the table of contents have a page to lead to."""
    text = claimed.ledger.read_text("utf-8")
    claimed.ledger.write_text(text.replace("growth/grows", "shrinkage/grows", 1), "utf-8")
    assert "- shrinkage/grows: [no notebook 'shrinkage'. Valid: growth]{.ntp-bad}." in _page(claimed)


def test_claim_without_a_check_and_check_without_a_claim(claimed: Project) -> None:
    """Neither disappears quietly."""
    text = claimed.ledger.read_text("utf-8")
    claimed.ledger.write_text(text.replace("[growth/grows]", "[]"), "utf-8")
    page = _page(claimed)
    assert "- [no check supports it]{.ntp-bad}" in page
    assert "- [check growth/grows supports no claim]{.ntp-bad}" in page


def test_page_without_a_marker_is_refused(claimed: Project) -> None:
    """A marker lost in editing would lose its table."""
    page = claimed.book / "claims.md"
    page.write_text(page.read_text("utf-8").replace("% generated: claims\n", ""), "utf-8")
    with pytest.raises(PublicationError, match=r"book/claims\.md needs exactly one line '% generated: claims'"):
        stage(claimed)


def test_chapter_lists_the_claims_that_it_states(claimed: Project) -> None:
    """With the state of the ledger; what another page states is not listed."""
    chapter = claimed.book / "chapter.md"
    chapter.write_text(chapter.read_text("utf-8") + "\n% generated: chapter-claims\n", "utf-8")
    claimed.ledger.write_text(claimed.ledger.read_text("utf-8").replace("label: split", "label: growth-curve"))
    page = (stage(claimed) / "book" / "chapter.md").read_text("utf-8")
    checks = "[1 of 1 checks hold]{.ntp-good} in {doc}`/notebooks/growth`"
    assert f"| `growth` | {{prf:ref}}`thm-growth` | proved, {checks} |" in page
    assert "the-split" not in page
    assert "% generated" not in page


def test_chapter_without_claims_has_no_table(claimed: Project) -> None:
    """A page that asks for its claims and states none has lost them."""
    index = claimed.book / "index.md"
    index.write_text(index.read_text("utf-8") + "\n% generated: chapter-claims\n", "utf-8")
    with pytest.raises(
        PublicationError, match=r"book/index\.md asks for its claims, and no claim has a label there"
    ):
        stage(claimed)


def test_every_chapter_that_states_a_claim_lists_it() -> None:
    """The real book; the page of errata is a list of its own claims already."""
    project = Project(ROOT)
    stating = {claim.place.chapter for claim in load_ledger(project).claims.values()} - {"", "errata.md"}
    listing = {
        path.name
        for path in project.book.glob("*.md")
        if "% generated: chapter-claims\n" in path.read_text("utf-8")
    }
    assert listing == stating


def test_book_with_claims_builds_without_a_warning(claimed: Project) -> None:
    """Limits and links of the page lead somewhere; a red claim does not break the page."""
    _without_checks(claimed)
    site = build_site(claimed)
    assert "recorded no check at all" in (site.folder / "book" / "claims.html").read_text("utf-8")
    shutil.rmtree(claimed.runs / NOTEBOOK)
    write_run(claimed)
    site = build_site(claimed)
    html = (site.folder / "book" / "claims.html").read_text("utf-8")
    assert 'href="../notebooks/growth.html#how-this-page-was-computed"' in html
    assert 'href="chapter.html#thm-growth"' in html
