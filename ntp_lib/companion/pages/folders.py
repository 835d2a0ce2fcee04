"""Folders that are seen either whole or not at all, however many processes write and read them."""

import ctypes
import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ntp_lib.companion.reproduction.errors import PublicationError

# Written into every folder that is put in place; a folder without it, or one of the earlier marks, is a person's.
MARKER = ".ntp-generated"
EARLIER_MARKERS = (".build-key", "book/_figures/index.json")
PREFIX = ".ntp-new-"
# Of the system call renameat2, <linux/fs.h> and <fcntl.h>.
RENAME_EXCHANGE, AT_FDCWD = 2, -100
ATTEMPTS = 100


@contextmanager
def fresh_folder(target: Path) -> Iterator[Path]:
    """Yield an empty sibling of `target` that takes its place when the block ends without an exception.

    Where the system can exchange two names (Linux), a reader finds the old folder or the new one at any moment;
    elsewhere it may find none for the time between two renames. Of several writers the last one stays.

    Args:
        target: folder to replace; it need not exist. Until the block ends its old content stays readable.

    Yields:
        The temporary folder to fill. An exception removes it and leaves `target` untouched.

    Raises:
        PublicationError: `target` exists and is not a folder that this function put there.
    """
    require_generated(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=PREFIX, dir=target.parent))
    try:
        filled = scratch / "new"
        filled.mkdir()
        yield filled
        (filled / MARKER).touch()
        _put_in_place(filled, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def require_generated(target: Path) -> None:
    """Refuse a target that somebody else wrote.

    Raises:
        PublicationError: it exists, is not empty and carries no mark of this module.
    """
    for _ in range(ATTEMPTS):
        before = _status(target)
        if before is None:
            return
        if not stat.S_ISDIR(before.st_mode):
            raise PublicationError(f"{target}: exists and is not a folder; move it away")
        if not _is_foreign(target):
            return
        # Where another writer put its folder there meanwhile, what was seen is of two folders.
        if _is_the_same(before, _status(target)):
            break
    raise PublicationError(f"{target}: holds files that were not generated; move it away")


def _is_foreign(target: Path) -> bool:
    if any((target / marker).is_file() for marker in (MARKER, *EARLIER_MARKERS)):
        return False
    try:
        return any(target.iterdir())
    except FileNotFoundError:
        return False


def _status(target: Path) -> os.stat_result | None:
    try:
        return target.lstat()
    except FileNotFoundError:
        return None


def _is_the_same(one: os.stat_result, other: os.stat_result | None) -> bool:
    """Whether a name stood for one folder all the time; a folder that was renamed has another time of change."""
    return other is not None and os.path.samestat(one, other) and one.st_ctime_ns == other.st_ctime_ns


def remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left of unfinished folders; nobody else may be writing below `folder`."""
    for path in folder.glob(f"{PREFIX}*"):
        shutil.rmtree(path, ignore_errors=True)


def _put_in_place(filled: Path, target: Path) -> None:
    """Give the folder its name; whatever had it before stays in the scratch folder, to be removed with it."""
    for attempt in range(ATTEMPTS):
        require_generated(target)  # looked at again, since others may write at the same time
        try:
            if target.exists():
                if _exchange(filled, target):
                    return
                target.rename(filled.with_name(f"old-{attempt}"))
            filled.rename(target)
            return
        except OSError as error:
            # Another writer was faster: the target came or went in the meantime.
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOENT) or attempt == ATTEMPTS - 1:
                raise


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names at one moment; False where the system or the disk cannot."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, TypeError, AttributeError):
        return False
    if rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
        return True
    found = ctypes.get_errno()
    if found in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(found, os.strerror(found), str(other))
