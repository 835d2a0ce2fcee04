"""What kernels say of themselves: real ones, in one batch shared by the tests of this file."""

from importlib import metadata
from pathlib import Path

import pytest
from tiny_project import make_project, notebook

from ntp_lib.companion.reproduction.errors import RequestError
from ntp_lib.companion.reproduction.execution import destinations, run_notebooks
from ntp_lib.companion.reproduction.kernel import Outcome
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.run import Run
from ntp_lib.companion.reproduction.run_report import staleness
from ntp_lib.companion.reproduction.runs import load_run

Batch = tuple[Project, dict[str, Outcome]]


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    root = tmp_path_factory.mktemp("witness")
    project = make_project(root / "project")
    (root / "outside").mkdir()
    (root / "outside/mine.py").write_text("VALUE = 1")
    (root / "copy/tinylib").mkdir(parents=True)
    (root / "copy/tinylib/__init__.py").write_text("")
    (project.notebooks / "helper.py").write_text("import numpy as np\nVALUE = np.int64(1)")
    (project.notebooks / "words.txt").write_text("one two")
    sources = {
        "beside": ("import helper\nopen('words.txt').read()", "open('kept.txt', 'w').close()\nopen('kept.txt')"),
        "outside": (f"import sys\nsys.path.insert(0, {str(root / 'outside')!r})", "import mine"),
        "writer": ("import tinylib.unrelated as module", "open(module.__file__, 'a').write('# more')"),
        "handmade": (
            "import sys, types\nsys.modules['made'] = types.ModuleType('made')",
            "sys.modules['made'].__file__ = '_made.py'",
        ),
        "foreign": (f"import sys\nsys.path.insert(0, {str(root / 'copy')!r})", "import tinylib"),
    }
    for name, cells in sources.items():
        (project.notebooks / f"{name}.ipynb").write_text(notebook(*cells))
    folders = destinations(project, list(sources), {}, None)
    return project, {outcome.notebook: outcome for outcome in run_notebooks(project, folders, jobs=2)}


def run_of(batch: Batch, name: str) -> Run:
    project, outcomes = batch
    assert outcomes[name].failure is None, outcomes[name].failure
    run = load_run(project.runs / name)
    assert run is not None
    return run


def test_files_read_are_remembered_and_files_written_are_not(batch: Batch) -> None:
    project, run = batch[0], run_of(batch, "beside")
    assert list(run.seen) == ["notebooks/helper.py", "notebooks/words.txt"]
    assert staleness(project, "beside", run) == []
    (project.notebooks / "words.txt").write_text("three")
    assert staleness(project, "beside", run) == ["notebooks/words.txt has changed"]


def test_versions_are_those_of_the_packages_that_the_kernel_loaded(batch: Batch) -> None:
    assert run_of(batch, "beside").packages["numpy"] == metadata.version("numpy")
    assert "ipykernel" not in run_of(batch, "beside").packages
    assert "numpy" not in run_of(batch, "outside").packages


def test_a_module_from_elsewhere_is_an_input(batch: Batch) -> None:
    project, run = batch[0], run_of(batch, "outside")
    (path,) = (Path(path) for path in run.seen if path.endswith("/mine.py"))
    path.write_text("VALUE = 2")
    assert staleness(project, "outside", run) == [f"{path} has changed"]
    path.unlink()
    assert staleness(project, "outside", run) == [f"{path} is gone"]


def test_a_module_made_by_hand_from_no_file_is_no_input(batch: Batch) -> None:
    assert list(run_of(batch, "handmade").seen) == []


def test_a_module_that_changes_during_the_run_is_named(batch: Batch) -> None:
    assert "inputs changed during the run (tinylib/unrelated.py has changed)" in str(batch[1]["writer"].failure)


def test_another_copy_of_the_library_is_refused(batch: Batch) -> None:
    message = str(batch[1]["foreign"].failure)
    assert "the kernel loaded tinylib from " in message
    assert "copy/tinylib/__init__.py, not from this project (tinylib/__init__.py)" in message


def test_a_path_that_no_kernel_could_search_is_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path / "a:b")
    with pytest.raises(RequestError, match=r"a:b: a path that holds ':' cannot be given to a kernel"):
        run_notebooks(project, destinations(project, ["text"], {}, None))
    assert not project.build.exists()
