"""Folders that several processes write and read at once: whole, never missing, never a person's."""

import errno
import multiprocessing
import os
from pathlib import Path

import pytest

from ntp_lib.companion.pages import folders
from ntp_lib.companion.pages.folders import fresh_folder
from ntp_lib.companion.reproduction.errors import PublicationError

FILES = ("first.html", "last.html")


def _write(target: Path, name: str, rounds: int) -> None:
    for number in range(rounds):
        with fresh_folder(target) as folder:
            for file in FILES:
                (folder / file).write_text(f"{name}-{number}", "utf-8")


def _write_slowly(target: Path, name: str, rounds: int) -> None:
    folders._exchange = lambda one, other: False
    _write(target, name, rounds)


@pytest.mark.parametrize("write", [_write, _write_slowly])
def test_several_writers_do_not_disturb_each_other(tmp_path: Path, write: object) -> None:
    """Also where the system cannot exchange two names, and though none was there when they began."""
    target = tmp_path / "html"
    context = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    writers = [context.Process(target=write, args=(target, name, 40)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["html"]
    contents = {(target / file).read_text("utf-8") for file in FILES}
    assert len(contents) == 1
    assert contents.pop().endswith("-39")


def test_a_reader_finds_the_folder_at_any_moment(tmp_path: Path) -> None:
    """One name for two folders in turn: an open handle sees one of them whole."""
    target = tmp_path / "html"
    _write(target, "before", 1)
    if not folders._exchange(_copy(target, "one"), _copy(target, "other")):
        pytest.skip("this system cannot exchange two names")
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(target, name, 150)) for name in "ab"]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        handle = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
        try:
            seen.add(_read(handle))
        finally:
            os.close(handle)
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert seen - {None}


def _copy(target: Path, name: str) -> Path:
    copy = target.with_name(name)
    copy.mkdir()
    return copy


def _read(folder: int) -> str | None:
    """What the files of one folder say in common; None where it was replaced and is being removed."""
    found = set()
    for file in FILES:
        try:
            with open(os.open(file, os.O_RDONLY, dir_fd=folder), encoding="utf-8") as opened:  # noqa: PTH123
                found.add(opened.read())
        except FileNotFoundError:
            return None
    assert len(found) == 1
    return found.pop()


def _put(kind: str, target: Path) -> Path:
    """Something of a person's own in the way; returns the file that must survive."""
    elsewhere = target.with_name("elsewhere")
    elsewhere.mkdir()
    (elsewhere / "notes.txt").write_text("mine", "utf-8")
    if kind == "file":
        target.write_text("mine", "utf-8")
        return target
    if kind == "link":
        target.symlink_to(elsewhere)
    else:
        elsewhere.rename(target)
    return target / "notes.txt"


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("kind", ["file", "link", "notes"])
def test_what_a_person_put_there_is_never_replaced(tmp_path: Path, kind: str, late: bool) -> None:
    """Neither at the beginning nor where it came while the folder was being filled."""
    target = tmp_path / "html"
    mine = [] if late else [_put(kind, target)]

    def build() -> None:
        with fresh_folder(target) as folder:
            (folder / "index.html").write_text("new", "utf-8")
            if late:
                mine.append(_put(kind, target))

    with pytest.raises(PublicationError, match=r"html: (exists and is not|holds files that were not)"):
        build()
    assert mine[0].read_text("utf-8") == "mine"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("marker", [folders.MARKER, *folders.EARLIER_MARKERS])
def test_what_was_generated_and_an_empty_folder_are_replaced(tmp_path: Path, marker: str) -> None:
    """Marks of earlier versions count."""
    for name in ("generated", "empty"):
        target = tmp_path / name
        target.mkdir()
        if name == "generated":
            (target / marker).parent.mkdir(parents=True, exist_ok=True)
            (target / marker).touch()
        with fresh_folder(target) as folder:
            (folder / "index.html").touch()
        assert (target / "index.html").is_file()


def test_a_refusal_of_the_system_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the races are tried again."""
    _write(tmp_path / "html", "before", 1)

    def refuse(one: Path, other: Path) -> bool:
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(folders, "_exchange", refuse)
    with pytest.raises(OSError, match="read-only"):
        _write(tmp_path / "html", "after", 1)
    assert (tmp_path / "html" / FILES[0]).read_text("utf-8") == "before-0"
    assert [path.name for path in tmp_path.iterdir()] == ["html"]


def test_a_folder_that_changes_all_the_time_is_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    monkeypatch.setattr(folders, "_is_the_same", lambda one, other: False)
    with pytest.raises(PublicationError, match="not generated"):
        folders.require_generated(tmp_path)
