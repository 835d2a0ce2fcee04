"""Every mutant can still be made; whether something notices it is asked by `make mutants`, which takes long."""

import ast

import pytest
from book_copy import ROOT
from mutant import Mutant
from mutants import MUTANTS


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_the_lines_that_a_mutant_changes_are_there_once(mutant: Mutant) -> None:
    text = (ROOT / mutant.path).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    changed = text.replace(mutant.old, mutant.new)
    assert changed != text
    ast.parse(changed)
