"""A folder for the sockets of a kernel: the system allows their paths about a hundred bytes."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ntp_lib.companion.reproduction.errors import ReproductionError

PREFIX = "ntp-"
# sun_path has 108 bytes on Linux, 104 on macOS and BSD, one of them for the end; "/ntp-12345678/k-5" is ours.
LONGEST_PARENT = 80


@contextmanager
def sockets_folder(note: Path) -> Iterator[Path]:
    """A short folder, open to this user alone.

    Args:
        note: a link to make to it, by which leftovers are found.

    Yields:
        The folder; it is removed with the sockets in it.
    """
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_short_parent()))
    try:
        # Windows has no such sockets and lets few people make links.
        with suppress(OSError, NotImplementedError):
            note.symlink_to(folder)
        yield folder
    finally:
        _remove(folder)


def remove_sockets(note: Path) -> None:
    """Remove the folder that a killed execution noted; nothing but sockets is ever removed from it."""
    with suppress(OSError):
        folder = note.readlink()
        if folder.name.startswith(PREFIX) and not folder.is_symlink():
            _remove(folder)


def _remove(folder: Path) -> None:
    with suppress(OSError):
        for path in folder.iterdir():
            if stat.S_ISSOCK(path.lstat().st_mode):
                path.unlink()
        folder.rmdir()


def _short_parent() -> Path:
    for parent in _parents():
        if len(os.fsencode(parent)) <= LONGEST_PARENT and parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
            return parent
    raise ReproductionError(
        f"{tempfile.gettempdir()}: too long a path for sockets; "
        f"set TMPDIR to a folder whose path has at most {LONGEST_PARENT} bytes"
    )


def _parents() -> list[Path]:
    """Folders for temporary files, the person's choice first."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"), *([Path(runtime)] if runtime else [])]
