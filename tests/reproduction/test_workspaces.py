from pathlib import Path

import pytest

from ntp_lib.reproduction.errors import RequestError
from ntp_lib.reproduction.project import Project
from ntp_lib.reproduction.workspaces import SOCKETS, publish, require_replaceable, sweep, workspace


def put(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(text)
    return folder


def test_nothing_appears_before_it_is_complete(project: Project) -> None:
    left: list[Path] = []

    def fail_halfway() -> None:
        with workspace(project, "descent") as folders:
            left.extend(folders)
            put(folders[0], "half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert not [folder for folder in left if folder.exists()]
    assert not project.runs.exists()


def test_a_run_is_replaced_as_a_whole(project: Project) -> None:
    destination = project.runs / "descent"
    for text in ("old", "new"):
        with workspace(project, "descent") as (folder, _):
            put(folder, text)
            (folder / text).write_text("")
            publish(project, folder, destination)
    assert sorted(path.name for path in destination.iterdir()) == ["new", "run.json"]
    assert [path.name for path in project.runs.iterdir()] == ["descent"]


def test_runs_at_the_same_time_stay_apart(project: Project) -> None:
    with workspace(project, "descent") as (one, _), workspace(project, "descent") as (two, _):
        assert one != two
        publish(project, put(one, "one"), project.runs / "descent")
        publish(project, put(two, "two"), project.runs / "descent")
    assert (project.runs / "descent/run.json").read_text() == "two"


def test_leftovers_of_killed_runs_go_and_living_ones_stay(project: Project, tmp_path: Path) -> None:
    dead = put(project.work / "descent.dead", "half")
    precious = put(tmp_path / "precious", "not ours")
    (dead / SOCKETS).symlink_to(precious)
    half_moved = put(project.runs / ".ntp-out-descent-1234", "old")
    complete = put(project.runs / "descent", "complete")
    with workspace(project, "descent") as (alive, sockets):
        sweep(project)
        assert alive.exists()
        assert sockets.exists()
    assert not dead.exists()
    assert not half_moved.exists()
    assert complete.exists()
    assert precious.exists()


def test_sockets_have_short_paths(project: Project) -> None:
    with workspace(project, "a" * 60) as (_, sockets):
        assert len(sockets.name) < 20


def test_only_runs_are_replaced(tmp_path: Path) -> None:
    require_replaceable(tmp_path / "new")
    require_replaceable(put(tmp_path / "run", "{}"))
    (tmp_path / "empty").mkdir()
    require_replaceable(tmp_path / "empty")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.tex").write_text("")
    with pytest.raises(RequestError, match="exists and is not an earlier run"):
        require_replaceable(tmp_path / "mine")
