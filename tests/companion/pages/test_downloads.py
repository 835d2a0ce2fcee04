"""Notebooks for download: no markup of the book's builder is left, and the library is named."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from ntp_lib.companion.pages.downloads import RECORD, ROLE, Names, for_download, read_names

NAMES = Names(
    titles={"book/margin": "The margin"},
    places={"thm-kkt": ("book/margin", "thm-kkt"), "eq-svm": ("book/margin", "equation-eq-svm")},
    shown={"thm-kkt": "Theorem 3.2 (Optimality)", "eq-svm": "Equation (3.1)"},
)
PUBLISHED = Names(NAMES.titles, NAMES.places, NAMES.shown, "https://o.github.io/n", "https://github.com/o/n")


def _notebook(*texts: str) -> dict[str, Any]:
    glued = {
        "output_type": "display_data",
        "metadata": {"scrapbook": {"name": "norm"}},
        "data": {RECORD: "2.7325"},
    }
    words = {**copy.deepcopy(glued), "metadata": {"scrapbook": {"name": "word"}}, "data": {RECORD: "'yes'"}}
    cells = [
        {"cell_type": "markdown", "id": f"c{n}", "metadata": {}, "source": text} for n, text in enumerate(texts)
    ]
    code = {"cell_type": "code", "id": "code", "metadata": {}, "source": "`{ref}`", "outputs": [glued, words]}
    return {"cells": [*cells, code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _text(source: str, names: Names = NAMES) -> str:
    return str(for_download(_notebook("# Title", source), names)["cells"][2]["source"])


@pytest.mark.parametrize(
    ("source", "plain", "linked"),
    [
        ("by {prf:ref}`thm-kkt`.", "by Theorem 3.2.", "by [Theorem 3.2](https://o.github.io/n/book/margin.html#thm-kkt)."),
        ("{ref}`optimal <thm-kkt>`", "optimal", "[optimal](https://o.github.io/n/book/margin.html#thm-kkt)"),
        ("{eq}`eq-svm`", "(3.1)", "[(3.1)](https://o.github.io/n/book/margin.html#equation-eq-svm)"),
        ("in {doc}`../book/margin`", "in *The margin*", "in [*The margin*](https://o.github.io/n/book/margin.html)"),
        ("{prf:ref}`thm-unknown`", "thm-unknown", "thm-unknown"),
        ("{glue:text}`norm:.2f` and {glue:text}`word`", "2.73 and yes", "2.73 and yes"),
        ("{glue:text}`missing`", "missing", "missing"),
        ("{term}`decoders <decoder>`", "decoders", "decoders"),
        ("$x$ and `code` stay", "$x$ and `code` stay", "$x$ and `code` stay"),
    ],
)  # fmt: skip
def test_roles_become_words(source: str, plain: str, linked: str) -> None:
    """With an address they are links as well; what is no role stays."""
    assert _text(source) == plain
    assert _text(source, PUBLISHED) == linked


def test_control_a_role_left_alone_is_seen() -> None:
    """The pattern by which a role is found sees one, so that its absence above means something."""
    assert ROLE.search("by {prf:ref}`thm-kkt`.")
    assert not ROLE.search(_text("by {prf:ref}`thm-kkt`."))


def test_folded_boxes_are_folded_everywhere() -> None:
    """A dropdown, with whichever fence, is HTML's own; a block of mathematics is left as it is."""
    folded = "<details><summary>Solutions</summary>\n\n1. One.\n\n</details>"
    assert _text("```{dropdown} Solutions\n1. One.\n```") == folded
    assert _text(":::{dropdown} Solutions\n:open:\n1. One.\n:::") == folded
    assert _text("```{math}\nx\n```") == "```{math}\nx\n```"


def test_library_is_named_below_the_title() -> None:
    """With a repository the command needs nothing else."""
    assert (
        "`pip install .` in the folder of its sources"
        in for_download(_notebook("# T"), NAMES)["cells"][1]["source"]
    )
    line = for_download(_notebook("# T"), PUBLISHED)["cells"][1]["source"]
    assert "`pip install git+https://github.com/o/n` installs" in line


def test_code_and_argument_are_left_as_they_are() -> None:
    """Only Markdown is read, and the notebook itself does not change."""
    notebook = _notebook("# T", "{prf:ref}`thm-kkt`")
    before = copy.deepcopy(notebook)
    assert for_download(notebook, NAMES)["cells"][-1]["source"] == "`{ref}`"
    assert notebook == before


def test_names_are_those_of_the_build(tmp_path: Path) -> None:
    """Formulas are known by their label, not by their anchor; a build without names gives none."""
    assert read_names(tmp_path) == Names()
    page = {"thm-kkt": "Theorem 3.2 (Optimality)", "equation-eq-svm": "Equation (3.1)"}
    built = {"titles": NAMES.titles, "names": {"book/margin": page}}
    (tmp_path / "names.json").write_text(json.dumps(built), "utf-8")
    assert read_names(tmp_path) == NAMES
