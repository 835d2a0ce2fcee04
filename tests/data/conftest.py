"""Files of tests: a text, and an archive that somebody else made."""

import zipfile

import pytest

from ntp_lib import synthetic


@pytest.fixture
def file(tmp_path):
    """Write a text, or bytes, to a file of its own."""

    def write(content):
        path = tmp_path / "text.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """The members of a sound archive, by file name."""
    path = tmp_path_factory.mktemp("sound") / "data.npz"
    synthetic.toy_2d().save(path)
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


@pytest.fixture
def write(members, tmp_path):
    """Write that archive with members changed, added or left out."""

    def write(changes, compression=zipfile.ZIP_DEFLATED, leave_out=()):
        path = tmp_path / "data.npz"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, content in {**members, **changes}.items():
                if name not in leave_out:
                    archive.writestr(name, content)
        return path

    return write
