"""A site that many tests read is built once, whichever of the parallel workers asks first."""

from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

import pytest
from filelock import FileLock

from ntp_lib.companion.pages.site import build_site
from ntp_lib.companion.reproduction.project import Project


def built_once(factory: pytest.TempPathFactory, name: str, write: Callable[[Path], Project]) -> Path:
    """Return the folder of pages built from the project that `write` makes in a folder shared by all workers.

    Args:
        factory: Pytest's, of this worker.
        name: Of the shared folder.
        write: Makes a project in a new folder. Its pages are for reading; a test that changes them takes a copy.
    """
    own = factory.getbasetemp()
    shared = own.parent if own.name.startswith("popen-") else own
    project = shared / name
    with FileLock(shared / f"{name}.lock"):
        if not (project / "pages").exists():
            # What a test that was ended in the middle has left would hide its reason behind another.
            rmtree(project, ignore_errors=True)
            project.mkdir()
            folder = build_site(write(project)).folder
            (project / "pages").write_text(str(folder), "utf-8")
        return Path((project / "pages").read_text("utf-8"))
