"""Output where the terminal, the pipe or the disk behind it cannot take it: the work's exit code, one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from tiny_project import descent_frame, put_run

from ntp_lib.companion.cli import main as command_line
from ntp_lib.companion.reproduction.project import Project

FULL = Path("/dev/full")


def ntp(
    project: Project, *arguments: str, redirect: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    command = f'"{sys.executable}" -m ntp_lib --project "{project.root}" {" ".join(arguments)} {redirect}'
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, check=False, env={**os.environ, **environment}
    )


def test_an_encoding_without_our_signs(green: Project) -> None:
    done = ntp(green, "verify", PYTHONIOENCODING="iso-8859-1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"ok 2 of 2 figures verified" in done.stdout
    put_run(green, "descent", {"loss": descent_frame(seed=1)})
    done = ntp(green, "verify", PYTHONIOENCODING="cp1252")
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"FAILED 1 of 2 figures verified" in done.stdout


def test_errors_in_an_encoding_without_our_signs(green: Project) -> None:
    done = ntp(green, "run", "d→é→", PYTHONIOENCODING="iso-8859-1")
    assert done.returncode == 2
    assert "no notebook 'd->é->'".encode("iso-8859-1") in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
@pytest.mark.parametrize("arguments", [["list"], ["--help"]])
def test_full_standard_output(green: Project, arguments: list[str]) -> None:
    done = ntp(green, *arguments, redirect=">/dev/full")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [
        "Error: standard output: No space left on device; free some space, or choose a place on another disk"
    ]


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
def test_full_standard_error(green: Project) -> None:
    assert ntp(green, "verify", redirect="2>/dev/full").returncode == 0


def test_a_closed_pipe_has_the_exit_code_that_shells_give(green: Project) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "ntp_lib", "--project", str(green.root), "list"]
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(13, "Permission denied", "/a/run.json"), "/a/run.json: Permission denied; ask its owner"),
        (OSError(28, "No space left on device"), "No space left on device; free some space"),
        (OSError(36, "File name too long", "n" * 300), "nnn: File name too long; choose a shorter name"),
        (OSError(30, "Read-only file system", "/a", None, "/b"), "/a → /b: Read-only file system; choose a place"),
        (TimeoutError("no answer in 10 s"), "no answer in 10 s"),
        (MemoryError(), "memory has run out"),
        (ModuleNotFoundError("No module named 'yaml'", name="yaml"), "lacks yaml; run: make env"),
    ],
)
def test_what_the_system_refuses_is_one_line(
    green: Project, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def refuse(context: object) -> None:
        raise error

    monkeypatch.setattr("ntp_lib.companion.cli.list.current_project", refuse)
    result = CliRunner().invoke(command_line.main, ["--project", str(green.root), "list"])
    assert result.exit_code == 1
    assert message in result.output
    assert len(result.output.splitlines()) == 1
