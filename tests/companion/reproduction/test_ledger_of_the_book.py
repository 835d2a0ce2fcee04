"""The ledger of the book: complete, and in step with the checks of its notebooks."""

import re
from pathlib import Path

import pytest

from ntp_lib.companion.reproduction.ledger import load_ledger
from ntp_lib.companion.reproduction.notebooks import code_cells
from ntp_lib.companion.reproduction.project import Project

THE_BOOK = Project(Path(__file__).parents[3])

REQUIRED = {f"erratum-{number}" for number in range(1, 15)} | {
    "entropy-bound",
    "def-1",
    "def-2",
    "eq-7",
    "prop-1",
    "lem-1",
    "rem-1",
    "def-3",
    "thm-1",
    "eq-9",
    "lem-2",
    "thm-2",
    "eq-13",
    "lem-4",
    "lem-5",
    "app-c",
    "rem-2",
    "fig-5",
    "necessity",
    "ridge",
    "fn-8",
    "own-thm-1",
    "own-thm-2",
}

CHECK = re.compile(r"""\bcheck\(\s*["']([a-z0-9-]+/[^"']+)["']""")


def test_book_requires_every_numbered_statement_and_every_erratum() -> None:
    ledger = load_ledger(THE_BOOK)
    assert set(ledger.required) == REQUIRED
    assert ledger.missing == ()


def test_every_claim_of_the_book_names_a_check() -> None:
    assert [claim.id for claim in load_ledger(THE_BOOK).claims.values() if not claim.checks] == []


def test_statements_of_the_book_fit_into_a_table() -> None:
    assert [claim.id for claim in load_ledger(THE_BOOK).claims.values() if "|" in claim.statement] == []


@pytest.mark.parametrize("notebook", THE_BOOK.notebook_names())
def test_every_check_of_a_notebook_supports_a_claim(notebook: str) -> None:
    source = "\n".join(cell.source for cell in code_cells(THE_BOOK.notebook(notebook)))
    checks = CHECK.findall(source)
    assert len(checks) == len(re.findall(r"^\s*check\(", source, re.MULTILINE)), "a check is named indirectly"
    named = {name for claim in load_ledger(THE_BOOK).claims.values() for name in claim.checks}
    assert sorted(set(checks) - named) == []
