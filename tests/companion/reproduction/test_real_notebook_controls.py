"""The real pipeline on a real notebook: green as it is, red under every change that matters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from book_copy import ROOT, copy_book, edit
from click.testing import CliRunner

from ntp_lib.companion.cli.main import main

NOTEBOOK = "two-dimensions"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the repository that holds one notebook, its figures and its references."""
    return copy_book(tmp_path, [NOTEBOOK])


def run(project: Path) -> tuple[int, str]:
    """`ntp run` of the copy, whose library the kernels load too."""
    done = subprocess.run(
        [sys.executable, "-m", "ntp_lib", "run", NOTEBOOK],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def verify(project: Path) -> tuple[int, str]:
    """`ntp verify` of the copy: it reads files and computes nothing, so it needs no process of its own."""
    done = CliRunner().invoke(main, ["--project", str(project), "verify"])
    return done.exit_code, done.output


def scale_gradient(project: Path) -> None:
    edit(project / "ntp_lib/loss/slope.py", "return np.dot(work.T, self", "return 1.01 * np.dot(work.T, self")


def permute_two_tokens(project: Path) -> None:
    edit(
        project / "ntp_lib/data/synthetic.py",
        "        probs,\n        vocabulary",
        "        np.asarray(probs)[:, [0, 3, 2, 1, 4]],\n        vocabulary",
    )


def change_seed(project: Path) -> None:
    edit(project / f"notebooks/{NOTEBOOK}.ipynb", "seed: int = 0 ", "seed: int = 1 ")


@pytest.mark.parametrize("change", [scale_gradient, permute_two_tokens, change_seed])
def test_a_change_of_the_mathematics_turns_verify_red(project: Path, change: Callable[[Path], None]) -> None:
    change(project)
    run(project)
    code, output = verify(project)
    assert code == 1, output
    assert "fig-1-training" in output


def test_untouched_is_green_and_dropping_or_outdating_data_is_red(project: Path) -> None:
    code, output = run(project)
    assert code == 0, output
    code, output = verify(project)
    assert code == 0, output

    stale = project / "ntp_lib/loss/split.py"
    stale.write_text(stale.read_text(encoding="utf-8") + "\n# edited after the run\n", encoding="utf-8")
    code, output = verify(project)
    assert code == 1
    assert "ntp_lib/loss/split.py" in output
    shutil.copy(ROOT / "ntp_lib/loss/split.py", stale)
    assert verify(project)[0] == 0

    figures = project / "_build/runs" / NOTEBOOK / "figures"
    (figures / "fig-2.csv").rename(figures / "kept.csv")
    code, output = verify(project)
    assert code == 1
    assert "fig-2" in output
    (figures / "kept.csv").rename(figures / "fig-2.csv")
    assert verify(project)[0] == 0

    edit_first_number(figures / "fig-1-plane.csv")
    code, output = verify(project)
    assert code == 1
    assert "fig-1-plane" in output


def edit_first_number(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    kind, name, _, y = lines[1].split(",")
    path.write_text("\n".join([lines[0], f"{kind},{name},0.123,{y}", *lines[2:]]) + "\n", encoding="utf-8")
