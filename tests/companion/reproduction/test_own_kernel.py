"""Kernels that die, machines that lack something, and a person's settings that would reach a run."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tiny_project import make_project, notebook

from ntp_lib.companion.reproduction import own_kernel
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.execution import run_notebooks
from ntp_lib.companion.reproduction.failures import describe
from ntp_lib.companion.reproduction.kernel import Outcome
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.runs import load_run
from ntp_lib.companion.reproduction.workers import run_jobs
from ntp_lib.companion.reproduction.workspaces import sweep

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
    (left,) = project.work.glob("worker-killed.*")
    sockets = (left / "sockets").readlink()
    sweep(project)
    assert [path.name for path in project.work.iterdir()] == ["lock"]
    assert not sockets.exists()


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


def test_a_checkout_that_may_only_be_read(here: Project, tmp_path: Path) -> None:
    """Not even its folder for everything generated can be made; runs go elsewhere, and so does the work."""
    here.build.write_text("")
    (here.notebooks / "bad.ipynb").write_text(notebook("1 / 0"))
    outside = {name: tmp_path / "out" / name for name in ("here", "bad")}
    with pytest.raises(ReproductionError, match=r"_build.*; runs are made there, .* with --out"):
        run_notebooks(here, folders(here, "here"))
    good, bad = run_notebooks(here, outside, jobs=1)
    assert good.failure is None
    assert load_run(outside["here"]) is not None
    assert "code cell 1: 1 / 0" in str(bad.failure)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["here"]


def test_what_executes_notebooks_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_kernel, "TOOLS", ("papermill", "no_such_kernel"))
    with pytest.raises(ReproductionError, match=r"lacks no_such_kernel, .* run: make env"):
        run_jobs([], processes=1, on_progress=lambda cells: None)


def test_nothing_needs_fcntl() -> None:
    """Which Windows does not have."""
    code = (
        "import sys\nsys.modules['fcntl'] = None\n"
        "import ntp_lib.companion.cli.run\n"
        "from ntp_lib.companion.reproduction import workers, workspaces\n"
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
    began, go = project.root / "began", project.root / "go"
    cell = (
        "import pathlib, time\n"
        f"pathlib.Path({str(began)!r}).touch()\n"
        f"while not pathlib.Path({str(go)!r}).exists():\n    time.sleep(0.05)"
    )
    (project.notebooks / "slow.ipynb").write_text(notebook(cell))
    command = [sys.executable, "-m", "ntp_lib", "--project", str(project.root), "run", "slow"]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    while not began.exists():
        assert first.poll() is None
        time.sleep(0.05)
    second = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert second.stderr is not None
    assert second.stderr.readline() == (
        f"waiting for another command that works on {project.runs / 'slow'} (Ctrl-C gives up)\n"
    )
    go.touch()
    outputs = first.communicate()[0], second.communicate()[0]
    assert (first.returncode, second.returncode) == (0, 0)
    assert outputs[0].startswith("✓ slow: executed in")
    assert outputs[1].startswith("✓ slow: unchanged, not executed again")
    assert [path.name for path in project.work.iterdir()] == ["lock"]
