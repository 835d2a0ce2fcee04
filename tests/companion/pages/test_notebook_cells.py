"""From the executed notebook to the one the book shows."""

import json

import pandas as pd
import pytest

from ntp_lib.companion.pages import notebook_cells as cells
from ntp_lib.companion.reproduction.project import Project


def _executed(project: Project) -> cells.Notebook:
    notebook: cells.Notebook = json.loads((project.runs / "growth" / "notebook.ipynb").read_text("utf-8"))
    return notebook


def test_traces_of_the_pipeline_are_removed(project: Project) -> None:
    """Neither papermill's metadata, with its absolute paths, nor the injected cell reaches a reader."""
    executed = _executed(project)
    assert "papermill" in json.dumps(executed)
    assert "/home/somebody" in json.dumps(executed)
    clean = cells.without_traces(executed)
    assert "papermill" not in json.dumps(clean)
    assert "injected" not in json.dumps(clean)
    assert [cell["id"] for cell in clean["cells"]] == ["title", "parameters", "compute", "draw"]


def test_authors_tags_and_outputs_stay(project: Project) -> None:
    """Removing traces leaves what the author wrote and the kernel answered."""
    clean = cells.without_traces(_executed(project))
    assert cells.tags(clean["cells"][3]) == ["hide-input"]
    assert [output["output_type"] for output in clean["cells"][3]["outputs"]] == ["stream", "display_data"]


def test_argument_is_left_as_it_is(project: Project) -> None:
    """The functions return copies."""
    executed = _executed(project)
    before = json.dumps(executed)
    cells.insert_after_parameters(
        cells.with_figures(cells.without_traces(executed)), cells.markdown_cell("x", "x")
    )
    assert json.dumps(executed) == before


def test_figure_becomes_a_directive_below_its_cell(project: Project) -> None:
    """The picture goes, the other outputs of the cell stay, and the directive follows."""
    shown = cells.with_figures(_executed(project))
    position = [cell["id"] for cell in shown["cells"]].index("draw")
    assert [output["output_type"] for output in shown["cells"][position]["outputs"]] == ["stream"]
    assert shown["cells"][position + 1]["source"] == "```{ntp-figure} growth-curve\n```"
    assert "image/png" not in json.dumps(shown)


@pytest.mark.parametrize("split", [False, True])
def test_tables_of_a_styler_look_like_frames(split: bool) -> None:
    """With the text in one piece or in lines; a frame's own table and other texts stay."""
    html = pd.DataFrame({"x": [0.5]}).style.format("{:.1f}").to_html()
    frame = pd.DataFrame({"x": [0.5]}).to_html()
    outputs = [
        {"output_type": "display_data", "data": {"text/html": text.splitlines(keepends=True) if split else text}}
        for text in (html, frame)
    ]
    shown = cells.with_frames({"cells": [{"outputs": outputs}, {"source": '<table id="T_'}]})
    styled, plain = (output["data"]["text/html"] for output in shown["cells"][0]["outputs"])
    assert styled.count('class="dataframe"') == 1
    assert plain == frame
    assert shown["cells"][1]["source"] == '<table id="T_'


def test_cell_is_inserted_below_the_parameters(project: Project) -> None:
    """The box about parameters stands below them, or below the title where there are none."""
    notebook = cells.without_traces(_executed(project))
    box = cells.markdown_cell("box", "words")
    assert [cell["id"] for cell in cells.insert_after_parameters(notebook, box)["cells"]][1:3] == [
        "parameters",
        "box",
    ]
    del notebook["cells"][1]
    assert [cell["id"] for cell in cells.insert_after_parameters(notebook, box)["cells"]][:2] == ["title", "box"]
