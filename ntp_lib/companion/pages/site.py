"""From the stage to the HTML book: a strict build, checked, and put in place only when it is good."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock

from ntp_lib.companion.pages.addresses import project_addresses
from ntp_lib.companion.pages.downloads import for_download, read_names
from ntp_lib.companion.pages.folders import MARKER, PREFIX, fresh_folder, remove_leftovers
from ntp_lib.companion.pages.offline_check import external_resources
from ntp_lib.companion.pages.staging import executed_notebook, notebooks_in_toc, stage
from ntp_lib.companion.reproduction.errors import PublicationError
from ntp_lib.companion.reproduction.project import Project

JUPYTER_BOOK = "import sys; from jupyter_book.cli.main import main; sys.exit(main())"
KEY_FILE = ".build-key"
LOCK_FILE = "book.lock"
PROBLEM = re.compile(r"WARNING|ERROR|CRITICAL|Exception|Error:")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Site:
    """A built book."""

    folder: Path
    rebuilt: bool

    @property
    def front_page(self) -> Path:
        """The page to open first."""
        return self.folder / "index.html"


def build_site(project: Project, *, fresh: bool = False) -> Site:
    """Stage and build the HTML book into `_build/html`.

    Args:
        project: the project, with all notebooks executed.
        fresh: build although nothing has changed since the last build.

    Returns:
        Where the book lies, and whether it had to be built.

    Raises:
        PublicationError: the stage is incomplete, Sphinx warned, a page would load something from the network, or
            what lies in the book's place was not built. The book that was there before stays.
    """
    project.build.mkdir(parents=True, exist_ok=True)
    # One build at a time: the stage must not change while its pages are made.
    with FileLock(project.build / LOCK_FILE):
        remove_leftovers(project.build)
        source, target = stage(project), project.build / "html"
        key = content_key(project, source)
        if not fresh and (target / KEY_FILE).is_file() and (target / KEY_FILE).read_text("utf-8") == key:
            return Site(target, rebuilt=False)
        with fresh_folder(target) as place, TemporaryDirectory(prefix=PREFIX, dir=project.build) as work:
            run_sphinx(source, Path(work))
            (Path(work) / "_build" / "html").rename(place)
            finish_pages(project, place)
            (place / KEY_FILE).write_text(key, "utf-8")
        return Site(target, rebuilt=True)


def content_key(project: Project, source: Path) -> str:
    """Return one digest of all that decides what the book looks like: the stage, the lock file, the builder."""
    total = hashlib.sha256(version("jupyter-book").encode())
    files = [*_files(source), *_files(Path(__file__).parent, "*.py"), project.lock_file]
    for path in files:
        content = path.read_bytes() if path.is_file() else b""
        total.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return total.hexdigest()


def run_sphinx(source: Path, work: Path) -> None:
    """Build `source` into `work/_build/html` with every warning an error.

    Raises:
        PublicationError: the build failed; the message lists Sphinx's warnings with paths as in the repository.
    """
    options = ["build", str(source), "--path-output", str(work), "--all", "-W", "-n", "--keep-going", "-q"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    command = [sys.executable, "-c", JUPYTER_BOOK, *options]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode < 0:
        raise PublicationError(f"the build was killed by signal {-done.returncode}; memory may have run out")
    if done.returncode:
        raise PublicationError("the book does not build:\n" + problems(done.stdout + done.stderr, source))


def problems(output: str, source: Path) -> str:
    """Return the lines of a build log that say what is wrong, or its end where none does."""
    lines = [COLOUR.sub("", line).replace(f"{source}{os.sep}", "").rstrip() for line in output.splitlines()]
    found = list(dict.fromkeys(line for line in lines if PROBLEM.search(line)))
    return "\n".join(f"  {line}" for line in found or [line for line in lines if line][-20:])


def finish_pages(project: Project, html: Path) -> None:
    """Make a built site fit to publish: executed notebooks for download, no source maps, nothing external.

    Raises:
        PublicationError: a page would load something from the network.
    """
    for path in html.rglob("*.map"):
        path.unlink()
    address, repository = project_addresses(project)
    names = read_names(html, address=address, repository=repository)
    for name in notebooks_in_toc(project):
        download = html / "_sources" / "notebooks" / f"{name}.ipynb"
        notebook = for_download(executed_notebook(project, name), names)
        download.write_text(json.dumps(notebook, indent=1, ensure_ascii=False), "utf-8")
    (html / ".nojekyll").touch()
    external = external_resources(html)
    if external:
        raise PublicationError("pages must not load anything from the network:\n  " + "\n  ".join(external))


def _files(folder: Path, pattern: str = "*") -> Iterator[Path]:
    found = (path for path in sorted(folder.rglob(pattern)) if path.is_file() and path.name != MARKER)
    return (path for path in found if "__pycache__" not in path.parts)
