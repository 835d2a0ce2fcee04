"""The generated table of a chapter: its own claims, on what each rests, and the notebooks that check it."""

from collections.abc import Collection
from pathlib import Path

from ntp_lib.companion.pages import markdown as md
from ntp_lib.companion.pages.generated import with_parts
from ntp_lib.companion.reproduction.claims import ClaimResult, LedgerReport
from ntp_lib.companion.reproduction.errors import PublicationError

PART = "chapter-claims"


def fill_in_chapters(book: Path, report: LedgerReport, notebooks: Collection[str]) -> None:
    """Put its claims into every chapter that has a line `% generated: chapter-claims`.

    Args:
        book: folder with the chapters, which are overwritten.
        report: the verdict on the ledger.
        notebooks: notebooks that have a page; only these are linked.

    Raises:
        PublicationError: a chapter asks for its claims and states none.
    """
    for chapter in sorted(book.glob("*.md")):
        page = chapter.read_text("utf-8")
        if f"% generated: {PART}\n" not in page:
            continue
        results = [result for result in report.claims if result.claim.place.chapter == chapter.name]
        if not results:
            raise PublicationError(f"book/{chapter.name} asks for its claims, and no claim has a label there")
        rows = [
            [md.code(r.claim.id), r.claim.reference, f"{state(r)} in {_notebooks(r, notebooks)}"] for r in results
        ]
        content = md.table(["Claim", "Stated in", "State, checks"], rows)
        chapter.write_text(with_parts(page, f"book/{chapter.name}", {PART: content}), "utf-8")


def state(result: ClaimResult) -> str:
    """Return on what a claim rests, and how many of its checks stand."""
    checks = f"{result.held} of {len(result.supports)} checks hold"
    return f"{result.claim.state.value}, {md.verdict(result.ok, checks)}"


def _notebooks(result: ClaimResult, notebooks: Collection[str]) -> str:
    names = dict.fromkeys(support.notebook for support in result.supports)
    return ", ".join(f"{{doc}}`/notebooks/{name}`" if name in notebooks else md.code(name) for name in names)
