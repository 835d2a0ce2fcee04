"""Which of the project's own modules a notebook depends on, read from import statements.

Imports inside functions count, and importing a submodule counts every package on the way to it. Modules are
looked for where the kernel looks for them: beside the notebook first, then in the project's folder.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from ntp_lib.reproduction.errors import ReproductionError
from ntp_lib.reproduction.notebooks import code_cells, python_source


def imported_modules(root: Path, notebook: Path) -> dict[Path, str]:
    """All files of the project that a notebook imports, directly or through other modules.

    Args:
        root: The project's folder.
        notebook: The notebook source.

    Returns:
        Dotted names of the modules by path, packages' `__init__.py` included.

    Raises:
        ReproductionError: A cell or a module is not valid Python.
    """
    folders = list(dict.fromkeys((notebook.parent, root)))
    names = frozenset(
        name
        for cell in code_cells(notebook)
        for name in _names(_parse(python_source(cell), f"{notebook.name}, code cell {cell.number}"), package="")
    )
    waiting, looked_for = _resolve_all(folders, names), names
    found: dict[Path, str] = {}
    while waiting:
        path, name = waiting.popitem()
        found[path] = name
        where = path.relative_to(root) if path.is_relative_to(root) else path
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        # The same name leads to the same files: most are imported by many modules.
        names = _imports(path, package, str(where)) - looked_for
        imported = _resolve_all(folders, names)
        looked_for |= names
        waiting |= {new: dotted for new, dotted in imported.items() if new not in found}
    return found


def _imports(path: Path, package: str, where: str) -> frozenset[str]:
    try:
        status = path.stat()
    except OSError as error:
        raise ReproductionError(f"{path}: not a readable module ({error})") from error
    return _imports_at(path, package, where, status.st_mtime_ns, status.st_size, status.st_ino)


@lru_cache(maxsize=4096)
def _imports_at(path: Path, package: str, where: str, *version: int) -> frozenset[str]:
    """The names that a version of a module imports: many notebooks ask, and parsing takes most of the time."""
    return frozenset(_names(_parse(_read(path), where), package))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReproductionError(f"{path}: not a readable module ({error})") from error


def _parse(source: str, where: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise ReproductionError(f"{where}, line {error.lineno}: {error.msg}") from error
    except ValueError as error:
        raise ReproductionError(f"{where}: {error}") from error


def _names(tree: ast.Module, package: str) -> Iterator[str]:
    """Dotted names of everything imported; the last part may be an attribute rather than a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _resolve_all(folders: Sequence[Path], names: Iterable[str]) -> dict[Path, str]:
    return {path: dotted for name in names for path, dotted in _resolve(folders, name)}


def _resolve(folders: Sequence[Path], name: str) -> Iterator[tuple[Path, str]]:
    """The files behind a dotted name; a folder without `__init__.py` is a package only where nothing else is."""
    first, *rest = name.split(".")
    proper = [folder for folder in folders if _is_module(folder, first)]
    for folder in proper[:1] or folders:
        yield from _descend(folder, first, rest, first)


def _descend(folder: Path, part: str, rest: Sequence[str], dotted: str) -> Iterator[tuple[Path, str]]:
    module, package = folder / f"{part}.py", folder / part / "__init__.py"
    if module.is_file():
        yield module, dotted
    if package.is_file():
        yield package, dotted
    if rest and (folder / part).is_dir():
        yield from _descend(folder / part, rest[0], rest[1:], f"{dotted}.{rest[0]}")


def _is_module(folder: Path, name: str) -> bool:
    return (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file()
