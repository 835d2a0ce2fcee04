"""Every command that the project prints: in README, CONTRIBUTING, pages, notebooks, help and messages."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from click import Group
from click.testing import CliRunner

from ntp_lib.companion.cli.main import COMMANDS, main
from ntp_lib.companion.pages.notebook_page import run_box
from ntp_lib.companion.reproduction.manifest import load_manifest
from ntp_lib.companion.reproduction.parameters import notebook_parameters
from ntp_lib.companion.reproduction.project import Project

ROOT = Path(__file__).resolve().parents[3]
BOOK = Project(ROOT)
BLOCK = re.compile(r"^```+\s*(?:shell|bash|console|sh)\n(.*?)^```+", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:ntp|make|python|pip|source|jupyter) [^`]+|\.ci/run)`")
MESSAGE = re.compile(r"\bntp (?:{})\b(?: (?:--?[a-z-]+|[A-Z]+|‹[^›]*›|name=value))*".format("|".join(COMMANDS)))
# What a message fills in, by the expression that stands for it.
EXPRESSIONS = {
    "notebook": "NOTEBOOK",
    "name": "NOTEBOOK",
    "entry.notebook": "NOTEBOOK",
    "figure": "FIGURE",
    "entry.id": "FIGURE",
    "change": "",
}


def in_text(text: str) -> list[str]:
    """Commands in shell blocks and in backticks, without their comments."""
    lines = [line.partition("  #")[0].strip() for block in BLOCK.findall(text) for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")] + INLINE.findall(BLOCK.sub("", text))


def in_file(name: str) -> list[str]:
    """Commands that a Markdown file prints."""
    return in_text((ROOT / name).read_text(encoding="utf-8"))


def in_book() -> dict[str, list[str]]:
    """Commands that pages and the words of notebooks print, by file."""
    pages = {f"book/{path.name}": in_file(f"book/{path.name}") for path in sorted(BOOK.book.glob("*.md"))}
    for path in sorted(BOOK.notebooks.glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        pages[f"notebooks/{path.name}"] = [
            command
            for cell in cells
            if cell["cell_type"] == "markdown"
            for command in in_text("".join(cell["source"]))
        ]
    return pages


def in_boxes() -> list[str]:
    """Commands of the box "Run this with other parameters", of every notebook."""
    manifest = load_manifest(BOOK)
    return [
        command
        for name in BOOK.notebook_names()
        for command in in_text(
            run_box(
                name,
                list(notebook_parameters(BOOK.notebook(name)).values()),
                [entry.id for entry in manifest.of_notebook(name)],
            )
        )
    ]


def in_help() -> list[str]:
    """Commands that `--help` shows besides its usage line."""
    assert isinstance(main, Group)
    found = []
    for words in ([], *([name] for name in COMMANDS)):
        lines = CliRunner().invoke(main, [*words, "--help"]).output.splitlines()
        found += [match for line in lines if not line.startswith("Usage:") for match in MESSAGE.findall(line)]
    return found


def in_messages() -> list[str]:
    """Commands in the texts of the sources, with what they fill in as a word in capitals."""
    found = []
    for path in sorted((ROOT / "ntp_lib").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documented = {node.body[0].value for node in ast.walk(tree) if _has_docstring(node)}  # type: ignore[attr-defined]
        pieces = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if node not in documented | pieces:
                found += MESSAGE.findall(_as_text(node))
    return [filled_in(command) for command in found]


def _has_docstring(node: ast.AST) -> bool:
    return isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None


def _as_text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"‹{ast.unparse(part.value)}›"  # type: ignore[attr-defined]
            for part in node.values
        )
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def filled_in(command: str) -> str:
    """A command of a message with words in capitals for what it fills in."""
    return " ".join(re.sub(r"‹([^›]*)›", lambda match: EXPRESSIONS[match[1]], command).split())


def everything() -> Iterator[tuple[str, str]]:
    """Where each command is printed, and the command."""
    for name in ("README.md", "CONTRIBUTING.md"):
        yield from ((name, command) for command in in_file(name))
    for name, commands in in_book().items():
        yield from ((name, command) for command in commands)
    yield from (("box", command) for command in in_boxes())
    yield from (("help", command) for command in in_help())
    yield from (("message", command) for command in in_messages())
