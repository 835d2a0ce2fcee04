import socket
from pathlib import Path

import pytest

from ntp_lib.companion.reproduction import sockets
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.sockets import remove_sockets, sockets_folder


@pytest.fixture
def long_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files with a path of more than 110 bytes."""
    folder = tmp_path / ("s" * 110)
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no sockets with paths here")
@pytest.mark.usefixtures("long_folder")
def test_sockets_have_short_paths_whatever_tmpdir_is(tmp_path: Path) -> None:
    note = tmp_path / "sockets"
    with sockets_folder(note) as folder, socket.socket(socket.AF_UNIX) as one:
        one.bind(str(folder / "k-5"))
        assert len(str(folder)) < 90
        assert note.readlink() == folder
    assert not folder.exists()


def test_a_machine_without_a_short_folder_is_told_so(
    long_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "_parents", lambda: [long_folder])
    with (
        pytest.raises(ReproductionError, match=r"sss: too long a path .* set TMPDIR"),
        sockets_folder(tmp_path / "note"),
    ):
        pass


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no sockets with paths here")
def test_nothing_but_sockets_is_removed(tmp_path: Path) -> None:
    note = tmp_path / "sockets"
    with sockets_folder(tmp_path / "other") as folder, socket.socket(socket.AF_UNIX) as one:
        one.bind(str(folder / "k-5"))
        (folder / "letter").write_text("")
        note.symlink_to(folder)
        remove_sockets(note)
        assert [path.name for path in folder.iterdir()] == ["letter"]
        (folder / "letter").unlink()
        remove_sockets(note)
        assert not folder.exists()


def test_a_note_that_points_to_other_places_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "sockets").symlink_to(tmp_path / "mine")
    remove_sockets(tmp_path / "sockets")
    remove_sockets(tmp_path / "absent")
    assert (tmp_path / "mine").is_dir()
