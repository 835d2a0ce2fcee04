"""The generated parts of the page "Claims"."""

from collections.abc import Collection

from ntp_lib.companion.pages import markdown as md
from ntp_lib.companion.pages.chapter_claims import state
from ntp_lib.companion.pages.check_words import EVIDENCE, check_item
from ntp_lib.companion.pages.generated import with_parts
from ntp_lib.companion.reproduction.claims import ClaimResult, LedgerReport, Support

SECTION = "how-this-page-was-computed"


def claims_filled_in(page: str, report: LedgerReport, notebooks: Collection[str]) -> str:
    """Return the hand-written page with its generated parts in place.

    Args:
        page: MyST source with the comment lines for `claims-summary`, `claims` and `claims-checks`.
        report: the verdict on the ledger.
        notebooks: notebooks that have a page; only these are linked.

    Raises:
        PublicationError: a part has no place on the page, or the page asks for an unknown one.
    """
    parts = {
        "claims-summary": _summary(report),
        "claims": _overview(report),
        "claims-checks": "\n\n".join(_block(result, notebooks) for result in report.claims),
    }
    return with_parts(page, "book/claims.md", parts)


def _summary(report: LedgerReport) -> str:
    checks = {support.name: not support.problem for result in report.claims for support in result.supports}
    text = (
        f"{md.share([result.ok for result in report.claims])} claims are supported; of the checks they name, "
        f"{md.share(checks.values())} were recorded by a current run, hold, and have a control that fails."
    )
    problems = "".join(f"\n- {md.verdict(False, md.plain(problem))}" for problem in report.problems)
    return f"{text}\n{problems}" if problems else text


def _overview(report: LedgerReport) -> str:
    rows = [[f"{md.code(r.claim.id)} {r.claim.statement}", _place(r), state(r)] for r in report.claims]
    return md.table(["Claim", "Book; paper", "State"], rows)


def _place(result: ClaimResult) -> str:
    return f"{result.claim.reference}; {result.claim.paper or 'ours'}"


def _block(result: ClaimResult, notebooks: Collection[str]) -> str:
    """One claim, folded; its checks are a list, which a telephone shows whole where a table would scroll."""
    claim = result.claim
    parts = [
        md.paragraph(claim.statement),
        # The statement looks for this mark to link back to its claims (book/_ext/citing.py).
        md.paragraph(
            f"[In the book: {claim.reference}]{{.ntp-claim-place}}. "
            f"In the paper: {claim.paper or 'not there; it is ours'}."
        ),
        md.paragraph(f"Assumed: {'; '.join(claim.assumptions) or 'nothing'}."),
    ]
    items = [_item(support, notebooks) for support in result.supports]
    items = items or [f"- {md.verdict(False, md.plain(reason))}" for reason in result.reasons]
    parts.append("\n".join([EVIDENCE, *items]))
    return f"(claim-{claim.id})=\n\n" + md.folded(f"{md.code(claim.id)}: {state(result)}", "\n\n".join(parts))


def _item(support: Support, notebooks: Collection[str]) -> str:
    # Not as code: a browser breaks a line within a name only where it is text.
    name, check = md.plain(support.name), support.check
    if support.notebook in notebooks:
        name = f"[{name}](../notebooks/{support.notebook}.ipynb#{SECTION})"
    return check_item(name, check, support.problem.removeprefix(f"check {support.name}: "))
