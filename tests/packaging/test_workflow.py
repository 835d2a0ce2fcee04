"""The workflow runs every supported Python, and actions that nobody can exchange under its feet."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def test_every_action_is_pinned_by_digest_with_its_version_beside_it() -> None:
    lines = [line for path in WORKFLOWS for line in path.read_text("utf-8").splitlines() if "uses:" in line]
    assert lines
    for line in lines:
        assert PINNED.fullmatch(line.partition("uses:")[2].strip()), line


def test_workflow_runs_everything_on_three_pythons() -> None:
    job = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text("utf-8"))["jobs"]["build"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert {"run": "bash .ci/run"} in job["steps"]
    least = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert least == ">=3.11"


def test_neither_tests_nor_workflow_choose_a_kernel_of_the_linear_algebra() -> None:
    for path in [*WORKFLOWS, ROOT / ".ci/run", ROOT / "Makefile", ROOT / "tests/conftest.py"]:
        assert "CORETYPE" not in path.read_text("utf-8"), path
        assert "ntp portability" not in (path.read_text("utf-8") if path.name != "Makefile" else ""), path
