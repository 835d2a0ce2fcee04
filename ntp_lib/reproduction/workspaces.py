"""Runs in progress: a result appears only when complete, and a killed run leaves nothing that lasts."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ntp_lib.reproduction.errors import RequestError
from ntp_lib.reproduction.project import Project
from ntp_lib.reproduction.runs import RUN_FILE

LOCK_FILE = "lock"
SOCKETS = "sockets"
PREFIX = ".ntp-"


@contextmanager
def workspace(project: Project, notebook: str) -> Iterator[tuple[Path, Path]]:
    """A temporary folder for one run and a short one for its sockets; both vanish at the end.

    The folder is locked for as long as this process lives, which tells it from leftovers.

    Args:
        project: The project; the folder lies in its `_build/work`.
        notebook: Name of the notebook.

    Yields:
        The folder to execute in, and the folder for sockets (whose paths may have about 100 bytes).
    """
    with _locked(project):
        folder = Path(tempfile.mkdtemp(prefix=f"{notebook}.", dir=project.work))
        alive = os.open(folder, os.O_RDONLY)
        fcntl.flock(alive, fcntl.LOCK_EX)
    sockets = Path(tempfile.mkdtemp(prefix="ntp-"))
    try:
        (folder / SOCKETS).symlink_to(sockets)
        yield folder, sockets
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        os.close(alive)


def publish(project: Project, folder: Path, destination: Path) -> None:
    """Moves a complete run into place; an earlier one goes away as a whole.

    Args:
        project: The project.
        folder: The workspace that holds the run.
        destination: A path that does not exist, or an earlier run; possibly on another disk.
    """
    (folder / SOCKETS).unlink(missing_ok=True)
    destination.parent.mkdir(parents=True, exist_ok=True)
    incoming, outgoing = (
        destination.with_name(f"{PREFIX}{kind}-{destination.name}-{secrets.token_hex(4)}")
        for kind in ("in", "out")
    )
    with _locked(project):
        shutil.move(folder, incoming)
        if destination.exists():
            destination.rename(outgoing)
        incoming.rename(destination)
    shutil.rmtree(outgoing, ignore_errors=True)


def sweep(project: Project) -> None:
    """Removes what killed runs left behind; folders of living runs are locked and stay."""
    with _locked(project):
        for folder in project.work.iterdir():
            if folder.is_dir() and not _in_use(folder):
                sockets = (folder / SOCKETS).resolve()
                if sockets.parent == Path(tempfile.gettempdir()).resolve() and sockets.name.startswith("ntp-"):
                    shutil.rmtree(sockets, ignore_errors=True)
                shutil.rmtree(folder, ignore_errors=True)
        for parent in (project.runs, project.custom, project.figures):
            for folder in parent.glob(f"{PREFIX}*"):
                shutil.rmtree(folder, ignore_errors=True)


def require_replaceable(destination: Path) -> None:
    """Refuses a destination that holds something other than an earlier run.

    Args:
        destination: Where a run is to go.

    Raises:
        RequestError: It exists, is not empty and is not a run.
    """
    if not destination.exists() or (destination / RUN_FILE).is_file():
        return
    if not destination.is_dir() or any(destination.iterdir()):
        raise RequestError(f"{destination}: exists and is not an earlier run; choose another folder")
    destination.rmdir()


@contextmanager
def _locked(project: Project) -> Iterator[None]:
    project.work.mkdir(parents=True, exist_ok=True)
    with (project.work / LOCK_FILE).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _in_use(folder: Path) -> bool:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
