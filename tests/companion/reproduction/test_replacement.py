"""Only runs that the pipeline wrote are replaced, and only files that it wrote are removed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_project import descent_frame, put_run

from ntp_lib.companion.reproduction.errors import ReproductionError, RequestError
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.replacement import remove_run, require_replaceable
from ntp_lib.companion.reproduction.runs import RUN_FILE, SUFFIXES, load_run
from ntp_lib.companion.reproduction.workspaces import publish


@pytest.fixture
def run(project: Project) -> Path:
    """A complete run that lies in a folder of a person's."""
    put_run(project, "descent", {"loss": descent_frame()})
    folder = project.root / "mine"
    (project.runs / "descent").rename(folder)
    for suffix in SUFFIXES[1:]:
        (folder / f"figures/loss.{suffix}").write_text("")
    return folder


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def refused(folder: Path, holds: str) -> None:
    before = tree(folder)
    with pytest.raises(RequestError, match=holds):
        require_replaceable(folder, ours=False)
    assert tree(folder) == before


def test_what_does_not_exist_or_is_empty_may_be_taken(tmp_path: Path) -> None:
    require_replaceable(tmp_path / "new", ours=False)
    require_replaceable(tmp_path, ours=False)
    assert tmp_path.is_dir()


def test_a_run_may_be_replaced(run: Path) -> None:
    require_replaceable(run, ours=False)


@pytest.mark.parametrize(
    "record",
    [
        "",
        "{",
        "[" * 100_000,
        "7",
        '{"my": "own file"}',
        '{"figures": {"loss": {}}}',
        '{"format": "ntp run"}',
        '{"format": "ntp run", "version": 2, "figures": {}}',
        '{"format": "other", "version": 1, "figures": {}}',
        '{"format": ["ntp run"], "version": {}, "figures": {}}',
    ],
)
def test_a_file_of_the_same_name_makes_no_run(tmp_path: Path, record: str) -> None:
    (tmp_path / RUN_FILE).write_text(record)
    (tmp_path / "thesis.txt").write_text("ten years of work")
    refused(tmp_path, r"exists and is not an earlier run \(it holds run.json and 1 more\); choose another folder")


def a_file(run: Path) -> None:
    (run / "thesis.txt").write_text("")


def a_figure(run: Path) -> None:
    (run / "figures/holiday.png").write_text("")


def a_folder(run: Path) -> None:
    (run / "figures/loss.csv").unlink()
    (run / "figures/loss.csv").mkdir()


def a_link(run: Path) -> None:
    (run / "notebook.ipynb").rename(run.parent / "elsewhere.ipynb")
    (run / "notebook.ipynb").symlink_to(run.parent / "elsewhere.ipynb")


def a_link_for_the_figures(run: Path) -> None:
    (run / "figures").rename(run.parent / "elsewhere")
    (run / "figures").symlink_to(run.parent / "elsewhere")


def a_record_that_names_other_files(run: Path) -> None:
    (run.parent / "secret.csv").write_text("")
    content = json.loads((run / RUN_FILE).read_text())
    content["figures"]["../../secret"] = content["figures"].pop("loss")
    (run / RUN_FILE).write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("add", "holds"),
    [
        (a_file, "holds thesis.txt, which its run did not write; choose another folder"),
        (a_figure, "holds figures/holiday.png, which"),
        (a_folder, "holds figures/loss.csv, which"),
        (a_link, "holds notebook.ipynb, which"),
        (a_link_for_the_figures, "holds figures, which"),
        (a_record_that_names_other_files, r"not an earlier run \(it holds figures/loss.csv and 7 more\)"),
    ],
)
def test_a_run_with_anything_else_beside_it_stays(run: Path, add: Callable[[Path], None], holds: str) -> None:
    add(run)
    refused(run, holds)
    remove_run(run, ours=False)
    assert run.is_dir()
    assert (run.parent / "secret.csv").exists() == (add is a_record_that_names_other_files)
    if add is a_link_for_the_figures:
        assert len(tree(run.parent / "elsewhere")) == len(SUFFIXES)


def test_nothing_is_replaced_that_appeared_meanwhile(project: Project, run: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (fresh / RUN_FILE).write_text("new")
    (run / "thesis.txt").write_text("")
    before = tree(run)
    with pytest.raises(RequestError, match=r"holds thesis\.txt"):
        publish(project, fresh, run)
    assert tree(run) == before
    assert [path.name for path in run.parent.glob(".ntp-*")] in ([], [".ntp-work"])


def test_runs_without_a_mark_are_stale_where_the_pipeline_keeps_its_own(project: Project) -> None:
    put_run(project, "descent", {"loss": descent_frame()})
    folder = project.runs / "descent"
    content = json.loads((folder / RUN_FILE).read_text())
    del content["format"]
    (folder / RUN_FILE).write_text(json.dumps(content))
    with pytest.raises(ReproductionError, match="not a readable record of a run"):
        load_run(folder)
    require_replaceable(folder, ours=True)
    refused(folder, "exists and is not an earlier run")
    (folder / "thesis.txt").write_text("")
    with pytest.raises(RequestError, match=r"holds thesis\.txt"):
        require_replaceable(folder, ours=True)
    (folder / "thesis.txt").unlink()
    remove_run(folder, ours=True)
    assert not folder.exists()
