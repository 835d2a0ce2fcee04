from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest
from tiny_project import notebook

import ntp_lib
from ntp_lib.reproduction.errors import ReproductionError
from ntp_lib.reproduction.imports import imported_modules
from ntp_lib.reproduction.inputs import current_inputs
from ntp_lib.reproduction.parameters import Value
from ntp_lib.reproduction.project import Project

MODULES = {
    "package/__init__.py": "",
    "package/outer.py": "def f():\n    from . import inner",
    "package/inner.py": "from .sub.deep import x",
    "package/sub/__init__.py": "",
    "package/sub/deep.py": "from ..sibling import y\nimport package.outer",
    "package/sibling.py": "import numpy",
    "package/alone.py": "",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, content in MODULES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def imports_of(root: Path, *cells: str) -> set[str]:
    (root / "n.ipynb").write_text(notebook(*cells))
    return {path.relative_to(root).as_posix() for path in imported_modules(root, root / "n.ipynb")}


def test_transitive_relative_and_lazy_imports_count(root: Path) -> None:
    everything = set(MODULES) - {"package/alone.py"}
    assert imports_of(root, "%matplotlib inline\nfrom package import outer") == everything
    assert imports_of(root, "def f():\n    import package.outer as o") == everything


def test_importing_a_submodule_counts_its_packages(root: Path) -> None:
    found = imports_of(root, "import package.sub.deep")
    assert {"package/__init__.py", "package/sub/__init__.py"} <= found


def test_nothing_else_counts(root: Path) -> None:
    assert imports_of(root, "import numpy, package") == {"package/__init__.py"}
    assert imports_of(root, "# import package.alone\nx = 'package.alone'") == set()


def test_broken_source_is_named(root: Path) -> None:
    with pytest.raises(ReproductionError, match=r"n\.ipynb, code cell 2, line 1"):
        imports_of(root, "1", "x =")
    (root / "package/alone.py").write_text("x =")
    with pytest.raises(ReproductionError, match=r"package/alone\.py, line 1"):
        imports_of(root, "import package.alone")


def test_changes_are_named(project: Project) -> None:
    before = current_inputs(project, "descent")
    assert current_inputs(project, "descent").changes_since(before) == []
    (project.root / "tinylib/descent.py").write_text("import tinylib.unrelated")
    project.lock_file.unlink()
    after = current_inputs(project, "descent", {"steps": 2})
    assert after.key != before.key
    assert after.changes_since(before) == [
        "requirements.lock is gone",
        "tinylib/descent.py has changed",
        "tinylib/unrelated.py is new",
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


def test_verifier_and_command_line_are_no_inputs_of_a_notebook(tmp_path: Path) -> None:
    source = tmp_path / "n.ipynb"
    source.write_text(notebook("import ntp_lib as ntp", "from ntp_lib.reproduction import check, record_figure"))
    root = Path(ntp_lib.__file__).parents[1]
    found = {path.relative_to(root / "ntp_lib").as_posix() for path in imported_modules(root, source)}
    assert {"reproduction/recording.py", "reproduction/checks.py", "figures/rendering.py"} <= found
    outside = ("verification", "comparison", "judgement", "interactive", "manifest", "project", "kernel")
    assert not found & {f"reproduction/{name}.py" for name in outside}
    assert not [path for path in found if path.startswith(("cli/", "publication/"))]


def test_folders_without_init_are_packages_too(root: Path) -> None:
    (root / "loose/deeper").mkdir(parents=True)
    (root / "loose/deeper/leaf.py").write_text("from .. import twig")
    (root / "loose/twig.py").write_text("")
    assert imports_of(root, "from loose.deeper.leaf import x") == {"loose/deeper/leaf.py", "loose/twig.py"}


def test_a_module_beside_the_notebook_counts_and_comes_first(project: Project) -> None:
    (project.notebooks / "helper.py").write_text("from tinylib import unrelated")
    (project.root / "helper.py").write_text("")
    (project.notebooks / "text.ipynb").write_text(notebook("import helper"))
    before = current_inputs(project, "text")
    assert {"notebooks/helper.py", "tinylib/unrelated.py"} < set(before.files)
    assert "helper.py" not in before.files
    (project.notebooks / "helper.py").write_text("from tinylib import unrelated, descent")
    assert current_inputs(project, "text").changes_since(before) == [
        "notebooks/helper.py has changed",
        "tinylib/descent.py is new",
    ]


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
