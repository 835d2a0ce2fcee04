"""Every mutant of the library turns a check or a figure of the book red, or fails a test; see `make mutants`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from book_copy import copy_book, edit
from execution import depends_on, judged
from mutant import NOTEBOOKS, Mutant
from mutants import MUTANTS
from suite import copy_with_tests, first_failure

pytestmark = [
    pytest.mark.mutation,
    pytest.mark.timeout(1500),
    # Whatever libraries below the pipeline warn of is the business of the main suite.
    pytest.mark.filterwarnings("default"),
]
OF_THE_BOOK = tuple(mutant for mutant in MUTANTS if not mutant.tests)
OF_THE_TESTS = tuple(mutant for mutant in MUTANTS if mutant.tests)


def name_of(mutant: Mutant) -> str:
    return mutant.name.replace(" ", "-")


@pytest.mark.parametrize("mutant", OF_THE_BOOK, ids=name_of)
def test_mutant_is_killed(mutant: Mutant, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    record_property("mutant", mutant.name)
    copy_book(tmp_path, NOTEBOOKS)
    edit(tmp_path / mutant.path, mutant.old, mutant.new)
    noticed = []
    for notebook in mutant.notebooks:
        if not depends_on(notebook, mutant.path):
            continue
        verdict = judged(tmp_path, notebook)
        if verdict.finished and verdict.reason:
            noticed.append(verdict.reason)
        if verdict.reason and (mutant.figure_only or not verdict.finished):
            break
    else:
        record_property("verdict", f"SURVIVED every check{''.join(f'; red: {reason}' for reason in noticed)}")
        pytest.fail(f"survived: {mutant.name} ({mutant.path}), noticed by: {noticed or 'nothing'}")
    effect = "the figure alone" if verdict.finished else f"ntp claims red in {len(verdict.claims)}"
    record_property("verdict", f"killed by {verdict.reason}; {effect}")
    assert verdict.finished or verdict.claims


@pytest.mark.parametrize("mutant", OF_THE_TESTS, ids=name_of)
def test_mutant_fails_a_test(
    mutant: Mutant, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    record_property("mutant", mutant.name)
    copy_with_tests(tmp_path)
    edit(tmp_path / mutant.path, mutant.old, mutant.new)
    failed = first_failure(tmp_path, mutant.tests)
    record_property("verdict", f"killed by {failed}" if failed else f"SURVIVED {', '.join(mutant.tests)}")
    assert failed, f"survived: {mutant.name} ({mutant.path})"


def test_untouched_copy_passes_these_tests(tmp_path: Path) -> None:
    tests = sorted({name for mutant in OF_THE_TESTS for name in mutant.tests})
    assert first_failure(copy_with_tests(tmp_path), tests) == ""


def test_enough_mutants_are_noticed_by_checks() -> None:
    assert sum(not mutant.figure_only for mutant in OF_THE_BOOK) >= 10


# The dearer ones are left to `ntp run`, which has executed them in place.
@pytest.mark.parametrize("notebook", NOTEBOOKS[:4])
def test_untouched_copy_is_green(notebook: str, tmp_path: Path) -> None:
    copy_book(tmp_path, [notebook])
    verdict = judged(tmp_path, notebook)
    assert verdict.reason == ""
    assert verdict.claims == ()
