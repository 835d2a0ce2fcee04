"""Kernels that die, machines that lack something, and a person's settings that would reach a run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_project import make_project, notebook

from ntp_lib.reproduction import own_kernel
from ntp_lib.reproduction.errors import ReproductionError
from ntp_lib.reproduction.execution import run_notebooks
from ntp_lib.reproduction.failures import describe
from ntp_lib.reproduction.kernel import Outcome
from ntp_lib.reproduction.project import Project
from ntp_lib.reproduction.runs import load_run
from ntp_lib.reproduction.workers import run_jobs

KILL = "import os, signal\nos.kill(os.{}(), signal.SIGKILL)"
TERMINATE = "import os, signal, time\nos.kill(os.getppid(), signal.SIGTERM)\ntime.sleep(100)"
SHOW = "import sys\nprint(sys.executable)"


@pytest.fixture
def here(project: Project) -> Project:
    (project.notebooks / "here.ipynb").write_text(notebook(SHOW))
    return project


def folders(project: Project, *names: str) -> dict[str, Path]:
    return {name: project.runs / name for name in names}


def printed(project: Project, name: str) -> str:
    document = json.loads((project.runs / name / "notebook.ipynb").read_text())
    return "".join(
        line for cell in document["cells"] for output in cell["outputs"] for line in output.get("text", ())
    )


def test_a_killed_process_costs_its_own_notebook_alone(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    for name, cell in (
        ("kernel-killed", KILL.format("getpid")),
        ("worker-killed", KILL.format("getppid")),
        ("worker-terminated", TERMINATE),
    ):
        (project.notebooks / f"{name}.ipynb").write_text(notebook(cell))
    outcomes = run_notebooks(
        project, folders(project, "kernel-killed", "worker-killed", "worker-terminated", "text"), jobs=1
    )
    kernel, worker, terminated, text = outcomes
    assert text == Outcome("text", executed=True)
    assert load_run(project.runs / "text") is not None
    assert "DeadKernelError: Kernel died (killed? memory may have run out; try --jobs 1)" in str(kernel.failure)
    assert "code cell 1: import os, signal" in str(kernel.failure)
    for outcome in (worker, terminated):
        assert str(outcome.failure).splitlines() == [
            f"✗ {outcome.notebook} failed",
            "  its worker process was killed; memory may have run out (try --jobs 1)",
        ]


def test_a_person_does_not_reach_the_kernel(
    here: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kernels, start-up files, settings of figures, and a long folder for temporary files."""
    spec = tmp_path / "jupyter/kernels/python3/kernel.json"
    spec.parent.mkdir(parents=True)
    other = {"argv": ["/bin/false", "{connection_file}"], "display_name": "Python 3", "language": "python"}
    spec.write_text(json.dumps(other))
    (tmp_path / "startup.py").write_text("print('start-up file of a person')")
    (tmp_path / "matplotlibrc").write_bytes(b"text.usetex: True\nfont.family: \xff\n")
    temporary = tmp_path / ("t" * 110)
    temporary.mkdir()
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "startup.py"))
    monkeypatch.setenv("MATPLOTLIBRC", str(tmp_path / "matplotlibrc"))
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    outcomes = run_notebooks(here, folders(here, "here", "descent"), jobs=1)
    assert [str(outcome.failure) for outcome in outcomes] == ["None", "None"]
    assert printed(here, "here") == f"{sys.executable}\n"
    assert not list(temporary.iterdir())


def test_what_executes_notebooks_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_kernel, "TOOLS", ("papermill", "no_such_kernel"))
    with pytest.raises(ReproductionError, match=r"lacks no_such_kernel, .* run: make env"):
        run_jobs([], processes=1, on_progress=lambda cells: None)


def test_nothing_needs_fcntl() -> None:
    """Which Windows does not have."""
    code = (
        "import sys\nsys.modules['fcntl'] = None\n"
        "import ntp_lib.cli.run, ntp_lib.reproduction.workers, ntp_lib.reproduction.workspaces\n"
        "print('imported')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "imported\n"), done.stderr


def test_a_full_disk_is_named_whatever_it_broke(tmp_path: Path) -> None:
    partial = tmp_path / "notebook.ipynb"
    partial.write_text('{"cells": [{"cell_type": "co\\u')
    try:
        try:
            raise OSError(28, "No space left on device", "/there/notebook.ipynb")
        except OSError:
            raise ValueError("Invalid escape") from None
    except ValueError as error:
        hidden: Exception = error
    for error in (OSError(28, "No space left on device", "/there/notebook.ipynb"), hidden):
        report = str(describe("descent", error, partial=partial, position=0))
        assert report == (
            "✗ descent failed\n  OSError: /there/notebook.ipynb: No space left on device; "
            "free some space, or choose a place on another disk"
        )


def test_two_commands_on_one_notebook_take_turns(project: Project) -> None:
    began = project.root / "began"
    cell = f"import pathlib, time\npathlib.Path({str(began)!r}).touch()\ntime.sleep(3)"
    (project.notebooks / "slow.ipynb").write_text(notebook(cell))
    command = [sys.executable, "-m", "ntp_lib", "--project", str(project.root), "run", "slow"]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL)
    while not began.exists():
        assert first.poll() is None
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    output, _ = first.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert output.startswith("✓ slow: executed in")
    assert second.stdout.startswith("✓ slow: unchanged, not executed again")
    assert f"waiting for another command that works on {project.runs / 'slow'}" in second.stderr
    assert [path.name for path in project.work.iterdir()] == ["lock"]
