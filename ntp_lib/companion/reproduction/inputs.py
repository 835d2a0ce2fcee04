"""What a run depends on, as digests: a run is stale as soon as one of them changes.

Files that are known beforehand stand apart from what only the kernel can say, which is recorded with its run:
the modules it loaded, other files it read, versions of packages.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import metadata
from pathlib import Path

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.parameters import Value, notebook_parameters
from ntp_lib.companion.reproduction.project import Project

GENERATED = ("_build", "__pycache__")


@dataclass(frozen=True)
class Inputs:
    """The content a run is made from.

    Attributes:
        files: SHA-256 of the notebook, its measurements, the files its parameters name and the lock file, by path
            relative to the project, or absolute where they lie elsewhere.
        overrides: parameters that differ from the notebook's own defaults.
        python: minor version of the interpreter.
        packages: versions of the installed packages that the kernel loaded; an empty text where one is gone.
        seen: SHA-256 of the modules that the kernel loaded and of other files that it read; an empty text where
            one is gone. Modules of installed packages are left out: their versions tell.
        names: first parts of the names under which the kernel imported what lies outside the project.
    """

    files: Mapping[str, str]
    overrides: Mapping[str, Value]
    python: str
    packages: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """One digest of everything."""
        parts = (self.files, self.overrides, self.packages, self.seen)
        content = json.dumps([*(sorted(part.items()) for part in parts), self.python])
        return hashlib.sha256(content.encode()).hexdigest()

    def changes_since(self, earlier: Inputs) -> list[str]:
        """What differs from the inputs of an earlier run, one phrase each."""
        changes = []
        mine, theirs = {**self.files, **self.seen}, {**earlier.files, **earlier.seen}
        for path in sorted({*mine, *theirs}):
            if path not in theirs:
                changes.append(f"{path} is new")
            elif not mine.get(path):
                changes.append(f"{path} is gone")
            elif mine[path] != theirs[path]:
                changes.append(f"{path} has changed")
        for name in sorted({*self.overrides, *earlier.overrides}):
            if self.overrides.get(name) != earlier.overrides.get(name):
                changes.append(f"parameter {name} was {earlier.overrides.get(name, 'at its default')!r}")
        if self.python != earlier.python:
            changes.append(f"Python {earlier.python} is now {self.python}")
        for name in sorted({*self.packages, *earlier.packages}):
            now, then = self.packages.get(name), earlier.packages.get(name)
            if now != then:
                changes.append(f"{name} {then} is {f'now {now}' if now else 'gone'}")
        return changes


def current_inputs(
    project: Project,
    notebook: str,
    overrides: Mapping[str, Value] | None = None,
    *,
    earlier: Inputs | None = None,
) -> Inputs:
    """The inputs a run of a notebook would have now.

    Args:
        project: the project.
        notebook: name of the notebook.
        overrides: parameters that differ from the defaults.
        earlier: the inputs of an earlier run, which say what only its kernel knew.

    Returns:
        Digests of everything the run depends on.
    """
    source = project.notebook(notebook)
    files = {source}
    # What was measured once and cannot be computed again is an input like the code.
    optional = (project.lock_file, project.measured / f"{source.stem}.json")
    files.update(path for path in optional if path.is_file())
    files.update(_files_named(project, source, overrides or {}))
    asked = Inputs(
        files={input_name(project, path): digest(path) for path in sorted(files)},
        overrides=dict(overrides or {}),
        python=".".join(platform.python_version_tuple()[:2]),
    )
    if earlier is None:
        return asked
    return replace(
        asked,
        packages={name: installed_version(name) for name in earlier.packages},
        seen=_seen_now(project, earlier),
        names=earlier.names,
    )


def _seen_now(project: Project, earlier: Inputs) -> dict[str, str]:
    found = {path: digest_or_empty(project.root / path) for path in earlier.seen}
    # A new module of the project that would be found in the place of another.
    for path in (place for name in earlier.names for place in places_of(project, name)):
        if path.is_file():
            found[input_name(project, path)] = digest(path)
    return found


def places_of(project: Project, module: str) -> list[Path]:
    """Where a kernel looks for a module in the project, by its dotted name, in this order."""
    parts = module.split(".")
    return [
        path
        for folder in (project.notebooks, project.root)
        for path in (folder.joinpath(*parts, "__init__.py"), folder.joinpath(*parts).with_suffix(".py"))
    ]


def sources(project: Project) -> dict[str, str]:
    """Digests of all Python files of the project, tools' and generated folders left out."""
    return {input_name(project, path): digest(path) for path in sorted(_python_files(project.root))}


def _python_files(folder: Path) -> Iterator[Path]:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            if not (entry.name.startswith(".") or entry.name in GENERATED):
                yield from _python_files(Path(entry.path))
        elif entry.name.endswith(".py"):
            yield Path(entry.path)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal.

    Raises:
        ReproductionError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ReproductionError(f"{path}: cannot be read ({error.strerror})") from error


def digest_or_empty(path: Path) -> str:
    """SHA-256 of a file; an empty text where it is gone."""
    return digest(path) if path.is_file() else ""


def _files_named(project: Project, source: Path, overrides: Mapping[str, Value]) -> Iterator[Path]:
    """Files that a parameter names, as the notebook would find them from its own folder."""
    defaults = {name: parameter.default for name, parameter in notebook_parameters(source).items()}
    for value in {**defaults, **overrides}.values():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and text and _is_file(project.notebooks / text):
                yield project.notebooks / text


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        # Too long for a name, or with a character that no name has: a text like any other.
        return False


def input_name(project: Project, path: Path) -> str:
    """A file as recorded: `a/../b` and `b` are the same input."""
    path = path.resolve() if ".." in path.parts else path
    return path.relative_to(project.root).as_posix() if path.is_relative_to(project.root) else str(path)


@cache
def installed_version(package: str) -> str:
    """The version of an installed package; an empty text where there is none."""
    try:
        return metadata.version(package) or ""
    except metadata.PackageNotFoundError:
        return ""
