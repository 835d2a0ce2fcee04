"""Checks on a notebook's page: folded, with a verdict in words and numbers that stays."""

from dataclasses import replace
from typing import Any

import pytest

from ntp_lib.companion.pages import notebook_cells as cells
from ntp_lib.companion.pages.harness import verdict, with_verdicts
from ntp_lib.companion.reproduction.checks import Check

HOLDS = Check(
    name="growth/grows",
    observed=4.5,
    relation="≥",
    bound=1.0,
    control_observed=0.25,
    holds=True,
    control_fails=True,
    reason="Ten steps of one half.",
)
CHECKED = 'late = norms[-1]\ncheck("growth/grows", late, at_least=1.0, control=0.25, reason="…")'


def _code(source: str, *printed: str, tags: tuple[str, ...] = (), cell_id: str = "cell") -> cells.Cell:
    outputs = [{"output_type": "stream", "name": "stdout", "text": text} for text in printed]
    metadata = {"tags": list(tags)} if tags else {}
    return {"cell_type": "code", "id": cell_id, "metadata": metadata, "source": source, "outputs": outputs}


def _shown(cell: cells.Cell, *checks: Check) -> list[cells.Cell]:
    notebook: dict[str, Any] = {"cells": [cell], "metadata": {}}
    return list(with_verdicts(notebook, checks or (HOLDS,))["cells"])


def test_check_is_folded_and_its_verdict_stays() -> None:
    """The code goes behind a button; one line says what was found, against what, and what the control gave."""
    cell, line = _shown(_code(CHECKED, f"late: 4.5\n{HOLDS}\n"))
    assert cells.tags(cell) == ["hide-input"]
    assert "checked" in cell["metadata"]["mystnb"]["code_prompt_show"]
    assert cell["outputs"][0]["text"] == "late: 4.5\n"
    assert line["cell_type"] == "markdown"
    assert line["source"] == "{.ntp-verdicts}\n- [✓ holds]{.ntp-good} grows: 4.5 ≥ 1 (control 0.25 fails)"


@pytest.mark.parametrize("wrapped", ["if least > 0:\n    {0}", "for _ in 'a':\n    {0}"])
def test_check_in_a_condition_or_a_loop_is_folded(wrapped: str) -> None:
    """Its verdict stands below the cell like any other."""
    check = CHECKED.splitlines()[1]
    cell, line = _shown(_code(f"late = 1\n{wrapped.format(check)}", f"{HOLDS}\n"))
    assert cells.tags(cell) == ["hide-input"]
    assert cell["outputs"] == []
    assert "grows: 4.5 ≥ 1" in line["source"]


def test_what_is_no_check_stays_in_sight() -> None:
    """Neither a function that is called check-something nor a line that only looks like a verdict is harness."""
    computing = _code("checked = recheck(norms)\nprint(checked)", "✓ other/name: fine\n")
    (cell,) = _shown(computing)
    assert cell == computing
    _, line = _shown(_code(CHECKED, f"✓ other/name: fine\n{HOLDS}\n"))
    assert "other" not in line["source"]


@pytest.mark.parametrize(
    "broken",
    [replace(HOLDS, observed=0.5, holds=False), replace(HOLDS, control_observed=2.0)],
    ids=["does not hold", "cannot fail"],
)
def test_check_that_does_not_stand_says_so(broken: Check) -> None:
    """The verdict is that of the numbers, whatever the record says of itself."""
    words = verdict(broken)
    assert words.startswith("[✗ does not stand]{.ntp-bad} grows: ")
    assert "holds" not in words
    assert "✗ does not stand" not in verdict(HOLDS)


def test_verdict_cannot_begin_other_markup() -> None:
    """Names and values are words: brackets of a list would be a link."""
    words = verdict(
        replace(HOLDS, name="a/b_c", observed=[1, 2], relation="=", bound=[1, 2], control_observed=[2, 1])
    )
    assert r"b\_c: \[1, 2\] = \[1, 2\] (control \[2, 1\] fails)" in words


def test_solution_keeps_its_verdict_folded() -> None:
    """A cell that is folded with its outputs is a solution: nothing of it stands outside."""
    (cell,) = _shown(_code(CHECKED, f"{HOLDS}\n", tags=("hide-cell",)))
    assert cells.tags(cell) == ["hide-cell"]
    assert "✓ growth/grows" in cell["outputs"][0]["text"]
    assert "solution" in cell["metadata"]["mystnb"]["code_prompt_show"]


def test_calls_that_only_serve_the_text_are_left_out() -> None:
    """Of a shown cell the rest stays as it is; what is computed for the text alone keeps its outputs."""
    source = 'a = 1\nglue(\n    "a", a, display=False\n)\nfor x in "bc":\n    glue(x, a, display=False)\na + 1'
    (cell,) = _shown(_code(source))
    assert cell["source"] == "a = 1\na + 1"
    assert cells.tags(cell) == []
    (alone,) = _shown(_code('glue("a", 1, display=False)', "kept\n"))
    assert cells.tags(alone) == ["remove-input"]
    assert alone["outputs"][0]["text"] == "kept\n"


def test_glue_with_work_in_it_is_shown() -> None:
    """A loop that computes besides is an idea, not plumbing; so is a name that merely begins like it."""
    source = 'for x in "bc":\n    total = work(x)\n    glue(x, total)\nglue_together(total)'
    source += '\nif total:\n    glue("t", total)\nelse:\n    total = work(0)'
    (cell,) = _shown(_code(source))
    assert cell["source"] == source


def test_notebook_is_left_as_it_is() -> None:
    """A copy is returned; what a reader downloads has every check in sight."""
    cell = _code(CHECKED, f"{HOLDS}\n")
    _shown(cell)
    assert cell == _code(CHECKED, f"{HOLDS}\n")
