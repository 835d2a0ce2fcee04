"""The real pipeline on a real notebook: green as it is, red under every change that matters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
NOTEBOOK = "two-dimensions"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the repository that holds one notebook, its figures and its references."""
    for name in ("ntp_lib", "requirements.lock", "_toc.yml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    manifest = yaml.safe_load((ROOT / "notebooks/figures.yml").read_text(encoding="utf-8"))
    manifest["figures"] = {k: v for k, v in manifest["figures"].items() if v["notebook"] == NOTEBOOK}
    (tmp_path / "notebooks/references").mkdir(parents=True)
    (tmp_path / "notebooks/figures.yml").write_text(yaml.safe_dump(manifest), encoding="utf-8")
    shutil.copy(ROOT / f"notebooks/{NOTEBOOK}.ipynb", tmp_path / "notebooks")
    for figure in manifest["figures"]:
        shutil.copy(ROOT / f"notebooks/references/{figure}.csv", tmp_path / "notebooks/references")
    return tmp_path


def ntp(project: Path, *words: str) -> tuple[int, str]:
    """Run the command line of the copy, with the copy's library in the kernels too."""
    environment = {**os.environ, "PYTHONPATH": str(project)}
    done = subprocess.run(
        [sys.executable, "-m", "ntp_lib", *words],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} no longer holds {old!r} once: adapt this control"
    path.write_text(text.replace(old, new), encoding="utf-8")


def scale_gradient(project: Path) -> None:
    edit(project / "ntp_lib/loss/cross_entropy.py", "    return total\n", "    return 1.01 * total\n")


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
    ntp(project, "run", NOTEBOOK)
    code, output = ntp(project, "verify")
    assert code == 1, output
    assert "fig-1-training" in output


def test_untouched_is_green_and_dropping_or_outdating_data_is_red(project: Path) -> None:
    code, output = ntp(project, "run", NOTEBOOK)
    assert code == 0, output
    code, output = ntp(project, "verify")
    assert code == 0, output

    stale = project / "ntp_lib/loss/split.py"
    stale.write_text(stale.read_text(encoding="utf-8") + "\n# edited after the run\n", encoding="utf-8")
    code, output = ntp(project, "verify")
    assert code == 1
    assert "ntp_lib/loss/split.py" in output
    shutil.copy(ROOT / "ntp_lib/loss/split.py", stale)
    assert ntp(project, "verify")[0] == 0

    run = project / "_build/runs" / NOTEBOOK / "figures"
    (run / "fig-2.csv").rename(run / "kept.csv")
    code, output = ntp(project, "verify")
    assert code == 1
    assert "fig-2" in output
    (run / "kept.csv").rename(run / "fig-2.csv")
    assert ntp(project, "verify")[0] == 0

    edit_first_number(run / "fig-1-plane.csv")
    code, output = ntp(project, "verify")
    assert code == 1
    assert "fig-1-plane" in output


def edit_first_number(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    kind, name, _, y = lines[1].split(",")
    path.write_text("\n".join([lines[0], f"{kind},{name},0.123,{y}", *lines[2:]]) + "\n", encoding="utf-8")
