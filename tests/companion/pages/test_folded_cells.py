"""Folded cells on a built page: what stays in sight, what opens, and what the button is called."""

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from extension import extension
from myst_nb.sphinx_ import visit_HideCellInput
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from ntp_lib.companion.pages import notebook_cells as cells
from ntp_lib.companion.pages.harness import with_verdicts
from ntp_lib.companion.reproduction.checks import Check

STANDS = Check("growth/is-five", 5, "=", 5, 4, holds=True, control_fails=True, reason="Ten halves.")


def _cell(name: str, printed: str, tags: tuple[str, ...] = ()) -> cells.Cell:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"tags": list(tags)},
        "source": f'check("{name}")',
        "outputs": [{"output_type": "stream", "name": "stdout", "text": printed}],
        "execution_count": 1,
    }


@pytest.fixture(scope="module")
def page(tmp_path_factory: Any) -> BeautifulSoup:
    """A page with a check and a solution as they are shown, and the same check as the notebook has it."""
    folder: Path = tmp_path_factory.mktemp("folded")
    ours = [_cell("folded", f"{STANDS}\n"), _cell("solution", "the answer\n", ("hide-cell",))]
    shown = with_verdicts({"cells": ours, "metadata": {}}, [STANDS])["cells"]
    notebook = {
        "cells": [cells.markdown_cell("title", "# Growth"), _cell("open", "left open\n"), *shown],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / "index.ipynb").write_text(json.dumps(notebook), "utf-8")
    extension("folded_cells")
    settings = {
        "extensions": ["myst_nb", "folded_cells"],
        "html_theme": "basic",
        "nb_execution_mode": "off",
        "myst_enable_extensions": ["attrs_block", "attrs_inline"],
    }
    html = folder / "html"
    with docutils_namespace():
        app = Sphinx(folder, None, html, folder / "doctrees", "html", settings, status=None, warning=None)
        app.build()
    return BeautifulSoup((html / "index.html").read_text("utf-8"), "html.parser")


def _holding(page: BeautifulSoup, text: str) -> Tag:
    found = [tag for tag in page.select("div.cell_input pre, div.cell_output pre") if text in tag.get_text()]
    assert len(found) == 1, text
    return found[0]


def test_code_of_a_check_is_folded_and_its_verdict_is_not(page: BeautifulSoup) -> None:
    """The control is the same cell without the fold."""
    (line,) = page.select("ul.ntp-verdicts > li")
    assert line.get_text().strip() == "✓ holds is-five: 5 = 5 (control 4 fails)"
    assert line.find_parent("details") is None
    assert line.select_one(".ntp-good") is not None
    assert _holding(page, 'check("folded")').find_parent("details") is not None
    assert _holding(page, 'check("open")').find_parent("details") is None


def test_solution_is_folded_with_its_output(page: BeautifulSoup) -> None:
    """Code and answer lie in one box that begins closed; the control's output stands open."""
    boxes = [_holding(page, text).find_parent("details") for text in ('check("solution")', "the answer")]
    assert all(box is not None and not box.has_attr("open") for box in boxes)
    assert _holding(page, "left open").find_parent("details") is None


def test_buttons_are_called_what_they_say(page: BeautifulSoup) -> None:
    """A label of its own would be read in place of the words."""
    buttons = page.select("div.cell summary")
    words = {button.get_text(" ", strip=True) for button in buttons}
    assert len(words) > 1
    assert all(words)
    assert not [button for button in buttons if button.has_attr("aria-label")]


def test_there_is_a_label_to_take_away() -> None:
    """The control: without the extension every button would have the same label."""
    written = inspect.getsource(visit_HideCellInput)
    context = {"body": "<summary aria-label='other'>" + extension("folded_cells").LABELLED}
    assert extension("folded_cells").LABELLED in written
    extension("folded_cells").name_by_words(None, "", "", context, None)
    assert context["body"] == "<summary aria-label='other'><summary>"
