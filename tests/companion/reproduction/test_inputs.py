from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest
from tiny_project import notebook, put_run

from ntp_lib.companion.reproduction.inputs import current_inputs, sources
from ntp_lib.companion.reproduction.parameters import Value
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.runs import load_run


def test_changes_are_named(project: Project) -> None:
    put_run(project, "descent", {})
    run = load_run(project.runs / "descent")
    assert run is not None
    before = run.all_inputs()
    assert current_inputs(project, "descent", earlier=before).changes_since(before) == []
    (project.root / "tinylib/descent.py").write_text("import tinylib.unrelated")
    project.lock_file.unlink()
    after = current_inputs(project, "descent", {"steps": 2}, earlier=before)
    assert after.key != before.key
    assert after.changes_since(before) == [
        "requirements.lock is gone",
        "tinylib/descent.py has changed",
        "parameter steps was 'at its default'",
    ]


def test_measurements_of_a_notebook_are_its_input(project: Project) -> None:
    before = current_inputs(project, "descent")
    project.measured.mkdir()
    (project.measured / "text.json").write_text("{}")
    assert current_inputs(project, "descent").key == before.key
    (project.measured / "descent.json").write_text("{}")
    after = current_inputs(project, "descent")
    assert after.changes_since(before) == ["notebooks/measured/descent.json is new"]


@pytest.mark.parametrize("place", ["notebooks/numpy.py", "numpy.py", "notebooks/numpy/__init__.py"])
def test_a_new_module_in_the_place_of_a_package_is_a_change(project: Project, place: str) -> None:
    earlier = replace(current_inputs(project, "text"), names=("json", "numpy"))
    assert current_inputs(project, "text", earlier=earlier).changes_since(earlier) == []
    (project.root / place).parent.mkdir(exist_ok=True)
    (project.root / place).write_text("pi = 3")
    (project.root / "harmless.py").write_text("")
    assert current_inputs(project, "text", earlier=earlier).changes_since(earlier) == [f"{place} is new"]


def test_sources_are_the_modules_and_nothing_generated(project: Project) -> None:
    for name in ("_build/x.py", ".venv/x.py", "tinylib/__pycache__/x.py", "tinylib/deeper/x.py", "notebooks/x.py"):
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).write_text("")
    found = set(sources(project))
    assert {"tinylib/deeper/x.py", "notebooks/x.py", "tinylib/descent.py"} <= found
    assert not [path for path in found if path.startswith(("_build", ".venv")) or "__pycache__" in path]


FILES = 'source: str = "data/mine.txt"\nothers: list[str] = ["none.txt"]'


@pytest.fixture
def reader(project: Project) -> Project:
    (project.notebooks / "text.ipynb").write_text(notebook(FILES, "open(source)", parameters=True))
    (project.notebooks / "data").mkdir()
    (project.notebooks / "data/mine.txt").write_text("one")
    return project


def test_a_file_that_a_parameter_names_is_an_input(reader: Project, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text("one")
    overrides: dict[str, Value] = {"others": ["../notebooks/data/mine.txt", str(elsewhere)]}
    before = current_inputs(reader, "text", overrides)
    assert {"notebooks/data/mine.txt", str(elsewhere)} < set(before.files)
    elsewhere.write_text("two")
    assert current_inputs(reader, "text", overrides).changes_since(before) == [f"{elsewhere} has changed"]
    elsewhere.unlink()
    assert current_inputs(reader, "text", overrides).changes_since(before) == [f"{elsewhere} is gone"]
    (reader.notebooks / "data/mine.txt").unlink()
    assert current_inputs(reader, "text").key != current_inputs(reader, "text", overrides).key


@pytest.mark.parametrize("value", ["", "x" * 5000, "a\0b", "data", "no/such/file", "/"])
def test_other_texts_are_no_files(reader: Project, value: str) -> None:
    found = current_inputs(reader, "text", {"source": value}).files
    assert set(found) == {"notebooks/text.ipynb", "requirements.lock"}


def test_packages_and_files_that_only_the_kernel_knew(project: Project) -> None:
    bare = current_inputs(project, "text")
    (project.notebooks / "seen.txt").write_text("one")
    earlier = replace(bare, packages={"numpy": "0.0.1", "no-such": "1"}, seen={"notebooks/seen.txt": "0" * 64})
    now = current_inputs(project, "text", earlier=earlier)
    assert now.key != earlier.key
    assert now.changes_since(earlier) == [
        "notebooks/seen.txt has changed",
        "no-such 1 is gone",
        f"numpy 0.0.1 is now {metadata.version('numpy')}",
    ]
    (project.notebooks / "seen.txt").unlink()
    assert "notebooks/seen.txt is gone" in current_inputs(project, "text", earlier=earlier).changes_since(earlier)
