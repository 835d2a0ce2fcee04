"""What a kernel says of itself: which modules and packages ran, and which files it read.

The pipeline loads this file into the kernel by its path, before the first cell, so it uses the standard library
only and leaves no name in the notebook.
"""

from __future__ import annotations

import json
import os
import platform
import runpy
import site
import sys
import sysconfig
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

READ_ONLY = 0
ACCESS = os.O_WRONLY | os.O_RDWR


class Witness:
    """Watches one kernel.

    Args:
        root: the project's folder; files below it that are opened for reading are remembered.
    """

    def __init__(self, root: str) -> None:
        self.root = _folder(Path(root).absolute())
        self.before = set(sys.modules)
        self.read: set[str] = set()
        self.written: set[str] = set()
        # A hook cannot be removed; it lives as long as the kernel.
        sys.addaudithook(self._hear)

    def testify(self, target: str) -> None:
        """Write what was seen, as JSON."""
        # Read and told before the arithmetic is, which is a file of the project's too.
        read = sorted(path for path in self.read - self.written if not _in_environment(path))
        loaded = {name: path for name, path in _files_of_modules().items() if not _in_environment(path)}
        own = {name.partition(".")[0] for name in loaded}
        names = {name.partition(".")[0] for name in set(sys.modules) - self.before} - own
        testimony = {
            "python": ".".join(platform.python_version_tuple()[:2]),
            "packages": _versions(names),
            "names": sorted(name for name in names if name.isidentifier() and name != __name__),
            "modules": loaded,
            "read": read,
            "arithmetic": runpy.run_path(str(Path(__file__).with_name("arithmetic.py")))["arithmetic"](),
        }
        Path(target).write_text(json.dumps(testimony), encoding="utf-8")

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], (str, bytes)):
            return
        path = str(Path(os.fsdecode(arguments[0])).absolute())
        if path.startswith(self.root):
            reads = isinstance(arguments[2], int) and arguments[2] & ACCESS == READ_ONLY
            (self.read if reads else self.written).add(path)


def _files_of_modules() -> dict[str, str]:
    files = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    return {
        name: str(Path(path).absolute())
        for name, path in files.items()
        if isinstance(path, str) and name not in ("__main__", __name__) and _is_place(path)
    }


def _is_place(path: str) -> bool:
    """Whether a module can have come from there: torch makes modules by hand, as from a bare "_ops.py"."""
    return Path(path).is_absolute() or Path(path).is_file()


@cache
def _environment() -> tuple[str, ...]:
    """Folders of installed packages and of the standard library: their content is named by versions."""
    paths = sysconfig.get_paths()
    names = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders = [Path(name) for name in (*names, *site.getsitepackages(), site.getusersitepackages())]
    return tuple(_folder(form) for folder in folders for form in (folder.absolute(), folder.resolve()))


def _in_environment(path: str) -> bool:
    return path.startswith(_environment()) or str(Path(path).resolve()).startswith(_environment())


def _folder(path: Path) -> str:
    return f"{path}{os.sep}"


def _versions(modules: set[str]) -> dict[str, str]:
    """Versions of the packages that modules belong to, by the name of the package."""
    owners = metadata.packages_distributions()
    names = {name for module in modules for name in owners.get(module, ())}
    return {name: metadata.version(name) or "" for name in sorted(names, key=str.lower)}
