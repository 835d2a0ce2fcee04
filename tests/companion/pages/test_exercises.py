"""Exercises of the notebooks: a reader sees the questions, and the answers when asking for them."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from ntp_lib.companion.pages import notebook_cells as cells

FOLDER = Path(__file__).resolve().parents[3] / "notebooks"
QUESTIONS = "## Exercise"
WORDS = "```{dropdown} Solution"


def _notebook(name: str) -> cells.Notebook:
    notebook: cells.Notebook = json.loads((FOLDER / f"{name}.ipynb").read_text("utf-8"))
    return notebook


def _section(notebook: cells.Notebook) -> list[cells.Cell]:
    """The cell with the questions and all that follow."""
    texts = ["".join(cell["source"]) for cell in notebook["cells"]]
    place = next((i for i, text in enumerate(texts) if QUESTIONS in text and _is_text(notebook, i)), len(texts))
    return list(notebook["cells"][place:])


def _is_text(notebook: cells.Notebook, place: int) -> bool:
    return bool(notebook["cells"][place]["cell_type"] == "markdown")


def spoilers(notebook: cells.Notebook) -> Iterator[str]:
    """What gives the answers away, or answers nothing."""
    questions, *rest = _section(notebook)
    if WORDS not in "".join(questions["source"]):
        yield "no solution in words"
    for cell in rest:
        if cell["cell_type"] == "code" and "hide-cell" not in cells.tags(cell):
            yield f"cell {cell['id']} stands open"
        if cell["cell_type"] == "markdown" and "*Solution.*" in "".join(cell["source"]):
            yield f"cell {cell['id']} tells the solution"


WITH_EXERCISES = sorted(path.stem for path in FOLDER.glob("*.ipynb") if _section(_notebook(path.stem)))


def test_notebooks_have_exercises() -> None:
    """The tests below are about something."""
    assert len(WITH_EXERCISES) >= 14


@pytest.mark.parametrize("name", WITH_EXERCISES)
def test_solutions_are_folded_with_their_outputs_and_told_in_words(name: str) -> None:
    """Nothing below the questions shows an answer unasked."""
    assert list(spoilers(_notebook(name))) == []


def _folded_input_only(notebook: cells.Notebook) -> None:
    _last_code(notebook)["metadata"]["tags"] = ["hide-input"]


def _without_words(notebook: cells.Notebook) -> None:
    questions = _section(notebook)[0]
    questions["source"] = "".join(questions["source"]).split("```{dropdown}")[0]


def _told_below(notebook: cells.Notebook) -> None:
    notebook["cells"].append(cells.markdown_cell("end", "*Solution.* (1) Yes."))


def _last_code(notebook: cells.Notebook) -> dict[str, Any]:
    return next(cell for cell in reversed(notebook["cells"]) if cell["cell_type"] == "code")


@pytest.mark.parametrize("spoil", [_folded_input_only, _without_words, _told_below])
def test_spoilers_are_noticed(spoil: Any) -> None:
    """The control: a solution whose output stands open, one without words, one told in the text."""
    sound = _notebook("overparameterised")
    spoilt = deepcopy(sound)
    spoil(spoilt)
    assert len(list(spoilers(sound))) < len(list(spoilers(spoilt)))
