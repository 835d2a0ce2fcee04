"""Every mutant of the library turns a check or a figure of the book red; see `make mutants`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from book_copy import copy_book, edit
from execution import depends_on, judged
from mutants import MUTANTS, NOTEBOOKS, Mutant

pytestmark = [
    pytest.mark.mutation,
    pytest.mark.timeout(1500),
    # Whatever libraries below the pipeline warn of is the business of the main suite.
    pytest.mark.filterwarnings("default"),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_mutant_is_killed(mutant: Mutant, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    record_property("mutant", mutant.name)
    copy_book(tmp_path, NOTEBOOKS)
    edit(tmp_path / mutant.path, mutant.old, mutant.new)
    for notebook in mutant.notebooks:
        if not depends_on(tmp_path, notebook, mutant.path):
            continue
        verdict = judged(tmp_path, notebook)
        if verdict.reason:
            claims = f"ntp claims red in {len(verdict.claims)}" if verdict.claims else "checks hold"
            record_property("verdict", f"killed by {verdict.reason}; {claims}")
            return
    record_property("verdict", "SURVIVED")
    pytest.fail(f"survived: {mutant.name} ({mutant.path})")


@pytest.mark.parametrize("notebook", sorted({mutant.first for mutant in MUTANTS} | set(NOTEBOOKS[:2])))
def test_untouched_copy_is_green(notebook: str, tmp_path: Path) -> None:
    copy_book(tmp_path, [notebook])
    verdict = judged(tmp_path, notebook)
    assert verdict.reason == ""
    assert verdict.claims == ()
