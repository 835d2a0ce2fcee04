import os
import shutil
import stat
from pathlib import Path

import pytest
from filelock import FileLock
from tiny_project import descent_frame, put_run

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.locks import LOCK_FILE, OUTSIDE, locked, workshop
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.runs import RUN_FILE, SUFFIXES
from ntp_lib.companion.reproduction.workspaces import ALIVE, SOCKETS, publish, require_writable, sweep, workspace

DRAWN = sorted(f"loss2.{suffix}" for suffix in SUFFIXES)


def complete_run(project: Project, folder: Path, *, seed: int) -> Path:
    """A run with a record of its own in a folder."""
    put_run(project, "text", {f"loss{seed}": descent_frame(seed=seed)})
    shutil.rmtree(folder)
    return (project.runs / "text").rename(folder)


def leftover(folder: Path) -> Path:
    """What a killed process leaves."""
    folder.mkdir(parents=True)
    (folder / ALIVE).write_text("")
    (folder / "half").write_text("")
    return folder


def test_nothing_appears_before_it_is_complete(project: Project) -> None:
    left: list[Path] = []

    def fail_halfway() -> None:
        with workspace(project.work, "descent") as space:
            left.extend([space.folder, space.run, space.sockets])
            (space.run / RUN_FILE).write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert not [folder for folder in left if folder.exists()]
    assert not project.runs.exists()


@pytest.mark.parametrize("place", ["_build/runs/descent", "_build/custom/descent", "elsewhere/descent"])
def test_a_run_is_replaced_as_a_whole(project: Project, place: str) -> None:
    destination = project.root / place
    shop = workshop(project, destination)
    for seed in (1, 2):
        with workspace(shop, "descent") as space:
            publish(project, complete_run(project, space.run, seed=seed), destination)
    assert sorted(path.name for path in (destination / "figures").iterdir()) == DRAWN
    assert [path.name for path in destination.parent.iterdir()] == ["descent"]
    assert shop == (project.work if "_build" in place else project.root / "elsewhere" / OUTSIDE)


def test_a_run_has_the_rights_that_the_umask_gives(project: Project) -> None:
    before = os.umask(0o027)
    try:
        with workspace(project.work, "descent") as space:
            assert stat.S_IMODE(space.folder.stat().st_mode) == 0o700
            assert stat.S_IMODE(space.sockets.stat().st_mode) == 0o700
            publish(project, space.run, project.runs / "descent")
    finally:
        os.umask(before)
    assert stat.S_IMODE((project.runs / "descent").stat().st_mode) == 0o750


def test_runs_at_the_same_time_stay_apart(project: Project) -> None:
    with workspace(project.work, "descent") as one, workspace(project.work, "descent") as two:
        assert one != two
        publish(project, complete_run(project, one.run, seed=1), project.runs / "descent")
        publish(project, complete_run(project, two.run, seed=2), project.runs / "descent")
    assert sorted(path.name for path in (project.runs / "descent/figures").iterdir()) == DRAWN


def test_leftovers_of_killed_runs_go_and_living_ones_stay(project: Project, tmp_path: Path) -> None:
    dead = leftover(project.work / "descent.dead")
    precious = tmp_path / "ntp-precious"
    precious.mkdir()
    (precious / "letter").write_text("not ours")
    (dead / SOCKETS).symlink_to(precious)
    begun = project.work / "descent.begun"
    begun.mkdir()
    mine = project.work / "mine"
    mine.mkdir()
    (mine / "letter").write_text("not ours")
    put_run(project, "descent", {"loss": descent_frame()})
    old = shutil.copytree(project.runs / "descent", project.runs / ".ntp-out-descent-01234567")
    with workspace(project.work, "descent") as space:
        sweep(project)
        assert space.run.exists()
        assert space.sockets.exists()
    assert not dead.exists()
    assert not begun.exists()
    assert not old.exists()
    assert (project.runs / "descent" / RUN_FILE).exists()
    assert (precious / "letter").exists()
    assert (mine / "letter").exists()


def test_a_run_without_its_successor_goes_back(project: Project) -> None:
    """Killed between two renames, nothing is lost."""
    put_run(project, "descent", {"loss": descent_frame()})
    (project.runs / "descent").rename(project.runs / ".ntp-out-descent-01234567")
    sweep(project)
    assert (project.runs / "descent" / RUN_FILE).exists()
    assert [path.name for path in project.runs.iterdir()] == ["descent"]


def test_leftovers_beside_a_destination_elsewhere_go(project: Project, tmp_path: Path) -> None:
    destination = tmp_path / "papers" / "run"
    leftover(destination.parent / OUTSIDE / "descent.dead")
    (destination.parent / "letter").write_text("not ours")
    sweep(project, [destination])
    assert [path.name for path in destination.parent.iterdir()] == ["letter"]


def test_a_workshop_elsewhere_stays_while_somebody_works_in_it(tmp_path: Path) -> None:
    shop = tmp_path / OUTSIDE
    with workspace(shop, "one") as one:
        with workspace(shop, "two"):
            pass
        assert one.run.exists()
    assert not shop.exists()


def test_waiting_for_a_lock_that_goes_away(tmp_path: Path) -> None:
    """The folder vanishes with the last one who works in it, and comes again for the next."""
    shop = tmp_path / OUTSIDE
    shop.mkdir()
    held = FileLock(shop / LOCK_FILE)
    held.acquire()

    def end() -> None:
        (shop / LOCK_FILE).unlink()
        shop.rmdir()
        held.release()

    with locked(shop, waiting=end) as lock:
        assert lock.exists()


def test_a_folder_where_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReproductionError, match=r"file.*; runs are made there, so choose .* with --out"):
        require_writable(tmp_path / "file" / OUTSIDE)
