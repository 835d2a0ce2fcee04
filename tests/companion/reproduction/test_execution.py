"""Real kernels: kept to a few executions, shared by the tests of this file."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
from tiny_project import make_project, notebook

from ntp_lib.companion.reproduction.execution import destinations, run_notebooks
from ntp_lib.companion.reproduction.kernel import Outcome
from ntp_lib.companion.reproduction.parameters import digest_of
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.runs import load_run
from ntp_lib.companion.reproduction.tables import read_table
from ntp_lib.companion.reproduction.workspaces import sweep

BAD = (
    "x = 1",
    "# why\nraise ValueError('no good')",
    "print('never reached')",
)
HIDDEN = (
    "import importlib\nmodule = importlib.import_module('tinylib.unrelated')",
    "from ntp_lib.companion import check\ncheck('a/b', 1, equals=1, control=0, reason='because')",
)
SLOW = ("import time\ntime.sleep(100)",)


def run(project: Project, *names: str, **options: object) -> dict[str, Outcome]:
    overrides = options.pop("overrides", {})
    folders = destinations(project, names, overrides, None)  # type: ignore[arg-type]
    outcomes = run_notebooks(project, folders, overrides=overrides, **options)  # type: ignore[arg-type]
    return {outcome.notebook: outcome for outcome in outcomes}


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, Outcome]]:
    """One batch: a notebook that works, one that fails, one with an import that no statement shows."""
    project = make_project(tmp_path_factory.mktemp("executed") / "project")
    (project.notebooks / "bad.ipynb").write_text(notebook(*BAD))
    (project.notebooks / "hidden.ipynb").write_text(notebook(*HIDDEN))
    return project, run(project, "bad", "descent", "hidden", jobs=2)


def test_complete_run(executed: tuple[Project, dict[str, Outcome]]) -> None:
    project, outcomes = executed
    assert outcomes["descent"] == Outcome("descent", executed=True)
    result = load_run(project.runs / "descent")
    assert result is not None
    assert result.parameters == {"steps": 4, "gradient_scale": 1.0, "seed": 0}
    assert list(result.inputs) == ["notebooks/descent.ipynb", "requirements.lock"]
    own = [path for path in result.seen if not Path(path).is_absolute()]
    assert own == ["tinylib/__init__.py", "tinylib/descent.py"]
    assert {"numpy", "matplotlib"} <= set(result.names)
    assert "tinylib" not in result.names
    assert result.packages["numpy"] == metadata.version("numpy")
    assert [check.name for check in result.checks] == ["descent/falls"]
    files = {path.name for path in (project.runs / "descent").iterdir()}
    assert files == {"run.json", "notebook.ipynb", "figures"}


def test_executed_notebook_shows_the_figure_and_no_paths(executed: tuple[Project, dict[str, Outcome]]) -> None:
    project, _ = executed
    text = (project.runs / "descent/notebook.ipynb").read_text()
    outputs = [output for cell in json.loads(text)["cells"] for output in cell["outputs"]]
    bundle = next(output["data"] for output in outputs if "image/png" in output.get("data", {}))
    assert bundle["application/vnd.ntp.figure+json"] == {"id": "loss"}
    assert str(project.root) not in text


def test_failure_is_reported_and_its_notebook_kept(executed: tuple[Project, dict[str, Outcome]]) -> None:
    project, outcomes = executed
    report = str(outcomes["bad"].failure)
    assert "✗ bad failed\n  code cell 2: raise ValueError('no good')\n  ValueError: no good\n" in report
    assert "partial notebook: _build/failed/bad.ipynb" in report
    assert "\x1b" not in report
    assert (project.failed / "bad.ipynb").is_file()
    assert not (project.runs / "bad").exists()
    assert [path.name for path in project.work.iterdir()] == ["lock"]


def test_a_module_is_an_input_however_it_was_imported(executed: tuple[Project, dict[str, Outcome]]) -> None:
    project, _ = executed
    result = load_run(project.runs / "hidden")
    assert result is not None
    assert "tinylib/unrelated.py" in result.seen


def test_unchanged_notebook_is_not_executed_again(executed: tuple[Project, dict[str, Outcome]]) -> None:
    project, _ = executed
    before = (project.runs / "descent/run.json").stat().st_mtime_ns
    assert run(project, "descent")["descent"] == Outcome("descent", executed=False)
    assert (project.runs / "descent/run.json").stat().st_mtime_ns == before


def test_other_parameters_never_touch_the_run(executed: tuple[Project, dict[str, Outcome]]) -> None:
    project, _ = executed
    before = (project.runs / "descent/run.json").read_bytes()
    outcome = run(project, "descent", overrides={"steps": 2})["descent"]
    assert outcome == Outcome("descent", executed=True)
    assert (project.runs / "descent/run.json").read_bytes() == before
    assert len(read_table(project.custom / f"descent-{digest_of({'steps': 2})}/figures/loss.csv")) == 6
    assert len(read_table(project.runs / "descent/figures/loss.csv")) == 12


def test_timeout_names_the_cell(project: Project) -> None:
    (project.notebooks / "slow.ipynb").write_text(notebook(*SLOW))
    report = str(run(project, "slow", timeout=1)["slow"].failure)
    assert "code cell 1: import time" in report
    assert "CellTimeoutError" in report


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """The command, its worker and its kernel at once, as when a machine goes down: nobody can clean up."""
    os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "end",
    [
        lambda process: process.send_signal(signal.SIGINT),
        lambda process: process.send_signal(signal.SIGKILL),
        kill_all,
    ],
)
def test_killed_run_leaves_nothing_that_lasts(project: Project, end: Callable[[object], None]) -> None:
    started, temporary = project.root / "kernel.pid", project.root / "tmp"
    temporary.mkdir()
    cell = (
        f"import os, pathlib, time\npathlib.Path({str(started)!r}).write_text(str(os.getpid()))\ntime.sleep(100)"
    )
    (project.notebooks / "slow.ipynb").write_text(notebook(cell))
    command = [sys.executable, "-m", "ntp_lib", "--project", str(project.root), "run", "slow"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(temporary)},
        start_new_session=True,
        # A background job of a shell ignores interrupts, and its children would as well.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_until(lambda: started.exists() and started.read_text() != "")
    (sockets,) = [link.readlink() for link in project.work.glob("slow.*/sockets")]
    assert sockets.is_dir()
    end(process)
    assert process.wait(timeout=200) != 0
    wait_until(lambda: not alive(int(started.read_text())))
    assert not project.runs.exists()
    if end is not kill_all:
        wait_until(lambda: not list(project.work.glob("slow.*")))
    sweep(project)
    assert [path.name for path in project.work.iterdir()] == ["lock"]
    assert not sockets.exists()
    assert not list(temporary.iterdir())


def wait_until(condition, seconds: float = 200) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    if not status.parent.parent.is_dir():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
