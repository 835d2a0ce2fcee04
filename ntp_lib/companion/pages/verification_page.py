"""The generated parts of the page "how this book is verified"."""

from collections.abc import Mapping, Sequence

from ntp_lib.companion.pages import markdown as md
from ntp_lib.companion.pages.evidence import Evidence
from ntp_lib.companion.pages.generated import with_parts
from ntp_lib.companion.reproduction.manifest import Manifest
from ntp_lib.companion.reproduction.run import Run

MAIN_PACKAGES = ("numpy", "scipy", "torch", "cvxpy")


def filled_in(page: str, evidence: Sequence[Evidence], manifest: Manifest, reports: Mapping[str, str]) -> str:
    """Return the hand-written page with its generated tables in place.

    Args:
        page: MyST source with one comment line `% generated: NAME` for each table.
        evidence: what is known of every run, in the order of the book.
        manifest: the figures and their tolerances.
        reports: parts made from committed reports, by name.

    Raises:
        PublicationError: a table has no place on the page, or the page asks for an unknown one.
    """
    tables = {
        "summary": _summary(evidence),
        "notebooks": _notebooks(evidence),
        "figures": _figures(evidence),
        "tolerances": _tolerances(manifest),
        **reports,
    }
    return with_parts(page, "book/how-verified.md", tables)


def _summary(evidence: Sequence[Evidence]) -> str:
    figures = [figure.good for item in evidence for figure in item.figures]
    checks = [not check.problem for item in evidence for check in item.run.checks]
    seconds = sum(item.run.seconds for item in evidence)
    return (
        f"{md.share(figures)} figures agree with their reference, {md.share(checks)} checks hold beside a control "
        f"that fails. Kernels were busy for {md.duration(seconds)} in all."
    )


def _notebooks(evidence: Sequence[Evidence]) -> str:
    rows = [
        [
            f"[](../notebooks/{item.run.notebook}.ipynb)",
            md.together(md.utc(item.run.started)),
            md.together(md.duration(item.run.seconds)),
            md.share([figure.good for figure in item.figures]),
            md.share([not check.problem for check in item.run.checks]),
        ]
        for item in evidence
    ]
    table = md.table(["Notebook", "Executed", "Took", "Figures agree", "Checks hold"], rows)
    return f"{_circumstances(evidence)}\n\n{table}"


def _circumstances(evidence: Sequence[Evidence]) -> str:
    """What the notebooks were executed with: said once, and the exceptions by name."""
    versions = [_versions(item.run) for item in evidence]
    usual = max(versions, key=versions.count, default="nothing")
    others = [
        f"[](../notebooks/{item.run.notebook}.ipynb) with {words}"
        for item, words in zip(evidence, versions, strict=True)
        if words != usual
    ]
    exceptions = f"; but {', and '.join(others)}" if others else ""
    return f"Executed with {usual}{exceptions}."


def _versions(run: Run) -> str:
    named = [f"{name} {run.packages[name]}" for name in MAIN_PACKAGES if name in run.packages]
    return md.plain(", ".join([f"Python {run.python}", *named]))


def _figures(evidence: Sequence[Evidence]) -> str:
    rows = [
        [_link(figure.entry.id), figure.entry.title, figure.entry.paper or "the book's own", figure.verdict]
        for item in evidence
        for figure in item.figures
    ]
    return md.table(["Figure", "Title", "In the paper", "Verdict"], rows)


def _tolerances(manifest: Manifest) -> str:
    rows = [
        [_link(figure_id), md.code(column), f"{tolerance.absolute:g}", f"{tolerance.relative:g}", tolerance.reason]
        for figure_id, entry in manifest.figures.items()
        for column, tolerance in entry.columns.items()
    ]
    return md.table(["Figure", "Column", "Absolute", "Relative", "Reason"], rows)


def _link(figure_id: str) -> str:
    return f"{{numref}}`{figure_id}`"
