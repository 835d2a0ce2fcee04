"""From an executed notebook to the one the book shows: figures become directives, the pipeline's traces go."""

import copy
from typing import Any

from ntp_lib.companion.reproduction.recording import FIGURE_MIME

INJECTED = "injected-parameters"
PARAMETERS = "parameters"
# How a Styler opens its tables, and how the book would have it.
STYLED = '<table id="T_'
FRAME = '<table class="dataframe" id="T_'

Notebook = dict[str, Any]
Cell = dict[str, Any]


def without_traces(notebook: Notebook) -> Notebook:
    """Return a copy without papermill's metadata (which holds absolute paths) and its injected cell.

    Args:
        notebook: executed notebook, nbformat 4, as a dictionary. It is left as it is.

    Returns:
        The notebook a reader may download: sources, outputs and the author's own tags.
    """
    clean = copy.deepcopy(notebook)
    clean["metadata"].pop("papermill", None)
    clean["cells"] = [cell for cell in clean["cells"] if INJECTED not in tags(cell)]
    for cell in clean["cells"]:
        for trace in ("papermill", "execution"):
            cell["metadata"].pop(trace, None)
        if "tags" in cell["metadata"] and not tags(cell):
            del cell["metadata"]["tags"]
    return clean


def with_figures(notebook: Notebook) -> Notebook:
    """Return a copy in which each recorded figure is an `ntp-figure` directive below the cell that drew it.

    Other outputs of that cell stay. The directive has a cell of its own, so it is seen even where code is hidden.
    """
    result = copy.deepcopy(notebook)
    cells: list[Cell] = []
    for cell in result["cells"]:
        drawn = [output for output in cell.get("outputs", []) if FIGURE_MIME in output.get("data", {})]
        if drawn:
            cell["outputs"] = [output for output in cell["outputs"] if output not in drawn]
        cells.append(cell)
        cells += [_figure_cell(output["data"][FIGURE_MIME]["id"]) for output in drawn]
    result["cells"] = cells
    return result


def with_frames(notebook: Notebook) -> Notebook:
    """Return a copy in which tables by a pandas Styler have the class of those by pandas, and so their style."""
    result = copy.deepcopy(notebook)
    for cell in result["cells"]:
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html")
            if html is not None:
                # A text or its lines, as the format has it.
                output["data"]["text/html"] = "".join(html).replace(STYLED, FRAME)
    return result


def _figure_cell(figure_id: str) -> Cell:
    return markdown_cell(f"figure-{figure_id}", f"```{{ntp-figure}} {figure_id}\n```")


def markdown_cell(cell_id: str, source: str) -> Cell:
    """Return a Markdown cell."""
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": source}


def insert_after_parameters(notebook: Notebook, cell: Cell) -> Notebook:
    """Return a copy with `cell` below the parameters cell, or below the first cell where there is none."""
    result = copy.deepcopy(notebook)
    places = [index for index, one in enumerate(result["cells"]) if PARAMETERS in tags(one)]
    result["cells"].insert((places[0] if places else 0) + 1, cell)
    return result


def tags(cell: Cell) -> list[str]:
    """Return the cell's tags."""
    return list(cell["metadata"].get("tags", []))
