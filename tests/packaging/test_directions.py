"""Information runs one way: mathematics knows neither small networks nor drawings nor what publishes the book."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[2] / "ntp_lib"
# Rooms that the others never look into, and who may.
ABOVE = {
    "models": {"models", "companion"},
    "figures": {"figures", "companion"},
    "companion": {"companion"},
}
ROOMS = sorted(path.name for path in LIBRARY.iterdir() if (path / "__init__.py").exists())


def imported_rooms(source: str) -> Iterator[str]:
    """Names of the library's rooms that a module imports from, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if isinstance(node, ast.ImportFrom) and node.module == "ntp_lib":
            names = [f"ntp_lib.{alias.name}" for alias in node.names]
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        yield from (name.split(".")[1] for name in names if name.startswith("ntp_lib."))


@pytest.mark.parametrize("room", ROOMS)
def test_room_knows_nothing_of_those_above(room: str) -> None:
    """No module of a room imports from one that stands above it."""
    wrong = [
        f"{path.relative_to(LIBRARY)} imports from {other}"
        for path in sorted((LIBRARY / room).rglob("*.py"))
        for other in imported_rooms(path.read_text("utf-8"))
        if room not in ABOVE.get(other, {room})
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("line", "room"),
    [
        ("import ntp_lib.figures.style", "figures"),
        ("from ntp_lib import models", "models"),
        ("def f():\n    from ntp_lib.companion.cli import main", "companion"),
    ],
)
def test_every_form_of_import_is_seen(line: str, room: str) -> None:
    """The control: forms in which a room might be imported all the same."""
    assert list(imported_rooms(line)) == [room]
