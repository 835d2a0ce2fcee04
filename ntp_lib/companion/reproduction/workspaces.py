"""Runs in progress: a result appears only when complete, and a killed run leaves nothing that lasts."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.locks import forget_killed, leave, locked, workshop
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.replacement import is_ours, remove_run, require_replaceable
from ntp_lib.companion.reproduction.sockets import remove_sockets, sockets_folder

ALIVE = ".ntp-alive"
SOCKETS = "sockets"
MOVED = re.compile(r"\.ntp-(?P<kind>in|out)-(?P<name>.+)-[0-9a-f]{8}")


@dataclass(frozen=True)
class Workspace:
    """Where one execution works.

    Attributes:
        folder: the temporary folder, for everything that goes with the execution.
        run: the folder inside that becomes the run.
        sockets: a folder with a short path, for sockets alone.
    """

    folder: Path
    run: Path
    sockets: Path


@contextmanager
def workspace(shop: Path, notebook: str) -> Iterator[Workspace]:
    """Temporary folders for one execution; they vanish at the end.

    A lock is held in them for as long as this process lives, which tells them from leftovers.

    Args:
        shop: a folder as `workshop` gives it; made where it does not exist.
        notebook: name of the notebook.

    Yields:
        The folders.
    """
    with locked(shop):
        folder = Path(tempfile.mkdtemp(prefix=f"{notebook}.", dir=shop))
        alive = FileLock(folder / ALIVE)
        alive.acquire()
    try:
        # A folder of its own: temporary folders are closed to others, a run has the rights that the umask gives.
        (folder / "run").mkdir()
        with sockets_folder(folder / SOCKETS) as sockets:
            yield Workspace(folder, folder / "run", sockets)
    finally:
        alive.release()
        shutil.rmtree(folder, ignore_errors=True)
        leave(shop)


def publish(project: Project, run: Path, destination: Path) -> None:
    """Move a complete run into place; an earlier one goes away as a whole.

    Args:
        project: the project.
        run: the complete run.
        destination: a path that does not exist, an empty folder, or an earlier run; possibly on another disk.

    Raises:
        RequestError: the destination holds something else by now; it stays as it is.
    """
    destination.parent.mkdir(parents=True, exist_ok=True)
    ours = is_ours(project, destination)
    token = secrets.token_hex(4)
    incoming, outgoing = (
        destination.with_name(f".ntp-{kind}-{destination.name}-{token}") for kind in ("in", "out")
    )
    shop = workshop(project, destination)
    with locked(shop):
        try:
            shutil.move(run, incoming)
            if destination.exists():
                destination.rename(outgoing)
            # Asked again of what was moved aside, where nobody puts anything any more.
            require_replaceable(destination, ours=ours, holder=outgoing)
            incoming.rename(destination)
        except BaseException:
            if outgoing.exists() and not destination.exists():
                outgoing.rename(destination)
            # Complete, but without a place to go; nothing of anybody else's is in it.
            shutil.rmtree(incoming, ignore_errors=True)
            raise
        if outgoing.exists():
            remove_run(outgoing, ours=ours)
    leave(shop)


def sweep(project: Project, destinations: Iterable[Path] = ()) -> None:
    """Remove what killed runs left behind; what living ones work in is locked and stays.

    Args:
        project: the project.
        destinations: where runs are to go; leftovers are looked for there as well.
    """
    parents = {project.runs, project.custom, project.figures, *(place.parent for place in destinations)}
    for shop in {workshop(project, parent / "any") for parent in parents}:
        here = [parent for parent in parents if workshop(project, parent / "any") == shop]
        with suppress(PermissionError):
            # Who may not write there, or not even look, has left nothing there.
            if os.access(shop, os.W_OK) or any(_moved(parent) for parent in here):
                _sweep(shop, here)


def _sweep(shop: Path, parents: Iterable[Path]) -> None:
    with locked(shop):
        forget_killed(shop)
        for folder in shop.iterdir():
            if folder.is_dir() and not folder.is_symlink():
                _remove_leftover(folder)
        for parent in parents:
            _tidy(parent)
    leave(shop)


def require_writable(shop: Path) -> None:
    """Refuse to begin where the work could not be kept.

    Args:
        shop: a folder as `workshop` gives it; made where it does not exist.

    Raises:
        ReproductionError: it cannot be made or written into.
    """
    try:
        with locked(shop):
            pass
    except OSError as error:
        place = error.filename or shop
        raise ReproductionError(
            f"{place}: {error.strerror}; runs are made there, so choose a folder of yours with --out"
        ) from error
    leave(shop)


def _remove_leftover(folder: Path) -> None:
    alive = folder / ALIVE
    if not alive.is_file():
        # Not marked as ours, or killed at its very beginning: then it is empty.
        with suppress(OSError):
            folder.rmdir()
        return
    lock = FileLock(alive)
    try:
        lock.acquire(blocking=False)
    except (Timeout, OSError):
        return
    remove_sockets(folder / SOCKETS)
    lock.release()
    shutil.rmtree(folder, ignore_errors=True)


def _tidy(parent: Path) -> None:
    """End publications that were killed half-way; an earlier run that has no successor goes back."""
    for folder, kind, name in _moved(parent):
        if kind == "out" and not folder.with_name(name).exists():
            folder.rename(folder.with_name(name))
        else:
            remove_run(folder, ours=True)


def _moved(parent: Path) -> list[tuple[Path, str, str]]:
    """Run on their way into place or out of it: the folder, "in" or "out", and the name of the destination."""
    folders = [path for path in parent.glob(".ntp-*") if path.is_dir() and not path.is_symlink()]
    matches = [(path, MOVED.fullmatch(path.name)) for path in folders]
    return [(path, match["kind"], match["name"]) for path, match in matches if match]
