"""A change in the drawings of one chapter makes the runs of that chapter stale, and no other."""

import subprocess
import sys
from pathlib import Path

import pytest
from tiny_project import make_project, notebook

from ntp_lib.companion.reproduction.execution import destinations, run_notebooks
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run_report import report_run

FACE = "import lazy_loader as lazy\n__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)\n"
DRAWING = "def {name}_panels():\n    return '{name}'\n"


@pytest.fixture(scope="module")
def chapters(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two notebooks that draw with two files behind one lazy face, executed."""
    project = make_project(tmp_path_factory.mktemp("chapters") / "project")
    drawings = project.root / "drawings"
    drawings.mkdir()
    (drawings / "__init__.py").write_text(FACE)
    (drawings / "__init__.pyi").write_text("".join(f"from .{n} import {n}_panels\n" for n in ("path", "plane")))
    for name in ("path", "plane"):
        (drawings / f"{name}.py").write_text(DRAWING.format(name=name))
        text = notebook(f"from drawings import {name}_panels\nassert {name}_panels() == '{name}'")
        (project.notebooks / f"{name}.ipynb").write_text(text)
    outcomes = run_notebooks(project, destinations(project, ("path", "plane"), {}, None), jobs=2)
    assert [outcome.failure for outcome in outcomes] == [None, None]
    return project


def changes(project: Project) -> dict[str, tuple[str, ...]]:
    return {name: report_run(project, name).changes for name in ("path", "plane")}


def test_one_chapter_is_stale(chapters: Project) -> None:
    assert changes(chapters) == {"path": (), "plane": ()}
    changed = chapters.root / "drawings/plane.py"
    before = changed.read_text()
    changed.write_text(before + "# another colour\n")
    assert changes(chapters) == {"path": (), "plane": ("drawings/plane.py has changed",)}
    changed.write_text(before)
    assert changes(chapters) == {"path": (), "plane": ()}


def test_what_all_load_makes_all_stale(chapters: Project) -> None:
    """The control: the file with the names is every chapter's."""
    stub = chapters.root / "drawings/__init__.pyi"
    before = stub.read_text()
    stub.write_text(before + "# one more\n")
    found = changes(chapters)
    stub.write_text(before)
    assert found == dict.fromkeys(("path", "plane"), ("drawings/__init__.pyi has changed",))


@pytest.mark.parametrize("drawing", ["path", "geometry", "thresholds"])
def test_the_book_s_drawings_load_alone(drawing: str) -> None:
    """One name of the library's face loads the file it stands in, and no other chapter's."""
    stub = Path(__file__).resolve().parents[3] / "ntp_lib/figures/__init__.pyi"
    files = {line.split()[1][1:] for line in stub.read_text("utf-8").splitlines() if line.startswith("from .")}
    (name,) = [
        line.split()[3].rstrip(",")
        for line in stub.read_text("utf-8").splitlines()
        if line.startswith(f"from .{drawing} import ")
    ]
    program = f"import sys\nfrom ntp_lib.figures import {name}\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert {file for file in files if f"ntp_lib.figures.{file}" in loaded.split()} == {drawing}
