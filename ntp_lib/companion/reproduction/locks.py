"""Locks between processes of the pipeline, held in files; they end with the process that holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ntp_lib.companion.reproduction.project import Project

LOCK_FILE = "lock"
OUTSIDE = ".ntp-work"
BUSY = ".busy"
ATTEMPTS = 10


def workshop(project: Project, destination: Path) -> Path:
    """The folder for the work on a destination: the project's own, or one beside a destination elsewhere."""
    return project.work if destination.is_relative_to(project.build) else destination.parent / OUTSIDE


@contextmanager
def locked(shop: Path, name: str = LOCK_FILE, waiting: Callable[[], None] = lambda: None) -> Iterator[Path]:
    """Hold a lock in a workshop, which is made where it does not exist.

    Args:
        shop: a folder as `workshop` gives it.
        name: name of the lock's file.
        waiting: called where another process holds it, before waiting for that one.

    Yields:
        The lock's file.
    """
    lock = FileLock(shop / name)
    for attempt in range(ATTEMPTS):
        shop.mkdir(parents=True, exist_ok=True)
        try:
            try:
                lock.acquire(blocking=False)
            except Timeout:
                waiting()
                lock.acquire()
            break
        except FileNotFoundError:
            # Another process has just left the folder and taken it away.
            if attempt == ATTEMPTS - 1:
                raise
    try:
        yield shop / name
    finally:
        lock.release()


def leave(shop: Path) -> None:
    """Take a workshop outside the project away when nobody works in it any more."""
    if shop.name != OUTSIDE or not shop.is_dir():
        return
    with suppress(OSError), locked(shop) as lock:
        if list(shop.iterdir()) == [lock]:
            # Who waits for this very file sees that it has gone, and begins again.
            lock.unlink()
            shop.rmdir()


def forget_killed(shop: Path) -> None:
    """Remove the files of locks whose holders were killed."""
    for path in shop.glob(f"*{BUSY}"):
        lock = FileLock(path)
        with suppress(Timeout, OSError):
            lock.acquire(blocking=False)
            path.unlink()
        lock.release()


@contextmanager
def alone(project: Project, destinations: Iterable[Path], waiting: Callable[[Path], None]) -> Iterator[None]:
    """Keep others from working on destinations, from the first look at them until the report of what came about.

    Args:
        project: the project.
        destinations: where runs are to go.
        waiting: called with each destination on which another process works, before waiting for that one.

    Yields:
        Nothing; a destination that this user may not write into is left out.
    """
    with ExitStack() as held:
        for destination in sorted(destinations):
            with suppress(OSError):
                held.enter_context(_alone(project, destination, waiting))
        yield


@contextmanager
def _alone(project: Project, destination: Path, waiting: Callable[[Path], None]) -> Iterator[None]:
    shop = workshop(project, destination)
    try:
        name = f"{destination.parent.name}-{destination.name}{BUSY}"
        with locked(shop, name, lambda: waiting(destination)) as lock:
            try:
                yield
            finally:
                with suppress(OSError):
                    lock.unlink()
    finally:
        leave(shop)
