"""Which of the project's own modules a notebook depends on, read from import statements.

Imports inside functions count, and importing a submodule counts every package on the way to it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from ntp_lib.reproduction.errors import ReproductionError
from ntp_lib.reproduction.notebooks import code_cells, python_source


def imported_modules(root: Path, notebook: Path) -> set[Path]:
    """All files below the root that a notebook imports, directly or through other modules.

    Args:
        root: The folder that top-level packages lie in.
        notebook: The notebook source.

    Returns:
        Paths of the modules, packages' `__init__.py` included.

    Raises:
        ReproductionError: A cell or a module is not valid Python.
    """
    waiting: set[Path] = set()
    for cell in code_cells(notebook):
        tree = _parse(python_source(cell), f"{notebook.name}, code cell {cell.number}")
        waiting |= _resolve_all(root, _names(tree, package=""))
    found: set[Path] = set()
    while waiting:
        module = waiting.pop()
        found.add(module)
        tree = _parse(module.read_text(encoding="utf-8"), str(module.relative_to(root)))
        package = ".".join(module.relative_to(root).parent.parts)
        waiting |= _resolve_all(root, _names(tree, package)) - found
    return found


def _parse(source: str, where: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise ReproductionError(f"{where}, line {error.lineno}: {error.msg}") from error


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


def _resolve_all(root: Path, names: Iterable[str]) -> set[Path]:
    return {path for name in names for path in _resolve(root, name)}


def _resolve(root: Path, name: str) -> Iterator[Path]:
    folder = root
    for part in name.split("."):
        if (folder / f"{part}.py").is_file():
            yield folder / f"{part}.py"
        folder = folder / part
        if not (folder / "__init__.py").is_file():
            return
        yield folder / "__init__.py"
