"""The stage: everything the book is built from, complete or not there at all."""

import json
import shutil
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from edited_runs import edit_run
from small_project import CHECK, NOTEBOOK, small_project, write_notebook

from ntp_lib.companion.pages.staging import notebooks_in_toc, stage
from ntp_lib.companion.reproduction.checks import Check
from ntp_lib.companion.reproduction.errors import PublicationError
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.runs import load_run, save_run


def _page(project: Project) -> dict[str, str]:
    notebook = json.loads((stage(project) / "notebooks" / f"{NOTEBOOK}.ipynb").read_text("utf-8"))
    return {cell["id"]: cell["source"] for cell in notebook["cells"]}


def test_page_carries_box_figure_and_footer(project: Project) -> None:
    """The notebook's page says how to run it otherwise, shows the figure, and how it was run."""
    page = _page(project)
    assert list(page) == [
        "title",
        "parameters",
        "run-this",
        "compute",
        "draw",
        "figure-growth-curve",
        "how-computed",
    ]
    assert "ntp run growth -p rate=0.25\nntp figure growth-curve -p rate=0.25" in page["run-this"]
    assert "| `steps` | int | `10` | number of steps |" in page["run-this"]
    for words in (
        "2 January 2026, 03:04 UTC in 1 min 15 s",
        "[agrees with its reference]{.ntp-good}",
        f"numpy | {metadata.version('numpy')}",
    ):
        assert words in page["how-computed"]
    block = "{.ntp-evidence}\n- growth/grows: observed 4.5, required ≥ 1, control 0;"
    assert f"{block} [holds, control fails]{{.ntp-good}}. Why" in page["how-computed"]
    assert "Why this bound: Ten steps | of one half." in page["how-computed"]


def test_address_of_the_repository_reaches_config_and_box(tmp_path: Path) -> None:
    """One setting is enough; without it neither has an address."""
    url = "https://github.com/o/n"
    with_address = small_project(tmp_path / "with", url=url)
    without = small_project(tmp_path / "without")
    assert f"git+{url}" in _page(with_address)["run-this"]
    assert "git+" not in _page(without)["run-this"]
    assert "repository" not in yaml.safe_load((stage(without) / "_config.yml").read_text("utf-8"))


def test_verification_page_has_its_tables(project: Project) -> None:
    """The generated tables take the place of their markers."""
    page = (stage(project) / "book" / "how-verified.md").read_text("utf-8")
    assert "% generated" not in page
    assert "[1 of 1]{.ntp-good} figures agree with their reference" in page
    assert r"| {numref}`growth-curve` | `norm` | 0 | 1e-06 | sums of \| ten \| terms |" in page


def test_verification_page_without_a_marker_is_refused(project: Project) -> None:
    """A marker lost in editing would lose its table."""
    page = project.root / "book" / "how-verified.md"
    page.write_text(page.read_text("utf-8").replace("% generated: figures\n", ""), "utf-8")
    with pytest.raises(PublicationError, match="generated: figures"):
        stage(project)


def test_difference_from_the_reference_is_shown(project: Project) -> None:
    """A verdict is that of the data, not of the last build."""
    reference = project.reference("growth-curve")
    reference.write_text(reference.read_text("utf-8").replace("4.5", "4.6"), "utf-8")
    assert "[differs from its reference]{.ntp-bad}" in _page(project)["how-computed"]


def test_run_older_than_its_inputs_is_shown(project: Project) -> None:
    """A figure that agrees, but was made by other code, is not called good."""
    source = project.notebook(NOTEBOOK)
    source.write_text(source.read_text("utf-8").replace("How fast", "How slowly"), "utf-8")
    assert "older than its inputs]{.ntp-bad}" in _page(project)["how-computed"]


def test_check_that_cannot_fail_is_shown(project: Project) -> None:
    """A check whose control holds as well is not counted."""
    edit_run(
        project.runs / NOTEBOOK, checks=(Check(**{**CHECK, "control_observed": 2.0, "control_fails": False}),)
    )
    page = _page(project)["how-computed"]
    assert "[0 of 1]{.ntp-bad} checks hold" in page
    assert "control 2; [cannot fail, for its control 2 is ≥ 1 too]{.ntp-bad}" in page


def test_missing_run_says_what_to_do(project: Project) -> None:
    """Without an executed notebook there is no stage, and the earlier one stays."""
    earlier = stage(project)
    shutil.rmtree(project.runs / NOTEBOOK)
    with pytest.raises(PublicationError, match="growth; run `ntp run --all` first"):
        stage(project)
    assert (earlier / "book" / "index.md").is_file()


@pytest.mark.parametrize(("shown", "refused"), [("np.float64(0.5)", True), ("0.5", False)])
def test_number_as_numpy_writes_it_is_refused(project: Project, shown: str, refused: bool) -> None:
    """It says how it is stored, which no reader asked."""
    path = project.runs / NOTEBOOK / "notebook.ipynb"
    write_notebook(path, executed=True)
    notebook = json.loads(path.read_text("utf-8"))
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": ["of which\n", shown]}}
    notebook["cells"][-1]["outputs"].append(output)
    path.write_text(json.dumps(notebook), "utf-8")
    run = load_run(path.parent)
    assert run is not None
    save_run(run, path.parent)
    if refused:
        with pytest.raises(PublicationError, match=r"growth: code cell \d+ shows np\.float64\(…\) as text"):
            stage(project)
    else:
        stage(project)


def test_stored_error_is_refused(project: Project) -> None:
    """A notebook that stores an error never reaches the book."""
    path = project.runs / NOTEBOOK / "notebook.ipynb"
    write_notebook(path, executed=True)
    notebook = json.loads(path.read_text("utf-8"))
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
    notebook["cells"][-1]["outputs"].append(error)
    path.write_text(json.dumps(notebook), "utf-8")
    with pytest.raises(PublicationError, match=r"growth: notebook\.ipynb is not the file that its run made"):
        stage(project)
    run = load_run(path.parent)
    assert run is not None
    save_run(run, path.parent)
    with pytest.raises(PublicationError, match="ValueError: no"):
        stage(project)


def test_stage_holds_nothing_of_an_earlier_one(project: Project) -> None:
    """A page removed from the book is removed from the stage."""
    (stage(project) / "book" / "old.md").write_text("old", "utf-8")
    assert not (stage(project) / "book" / "old.md").exists()
    assert [path.name for path in project.build.iterdir() if path.name.startswith(".")] == []


def test_notebooks_come_in_reading_order(project: Project) -> None:
    """The table of contents is read as deep as it goes."""
    toc = yaml.safe_load((project.root / "_toc.yml").read_text("utf-8"))
    toc["parts"][0]["chapters"].insert(0, {"file": "notebooks/first.ipynb"})
    (project.root / "_toc.yml").write_text(yaml.safe_dump(toc), "utf-8")
    assert notebooks_in_toc(project) == ["first", NOTEBOOK]
