"""What the tests of a copied library say about it, where no notebook reaches the line that is wrong."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from book_copy import ROOT

FAILED = re.compile(r"^FAILED (\S+)", re.MULTILINE)
TIME_LIMIT = 600
# Exit codes of pytest: all passed, and some failed. Any other says that the tests were not run.
PASSED, SOME_FAILED = 0, 1


class NoTestRunError(RuntimeError):
    """The tests could not be run, which says nothing about the library."""


def copy_with_tests(folder: Path) -> Path:
    """Copy the library and its tests; return the folder."""
    for name in ("ntp_lib", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def first_failure(folder: Path, tests: Iterable[str]) -> str:
    """The first test of these files, relative to the repository, that fails beside this library; empty if none.

    Raises:
        NoTestRunError: the tests were not run.
    """
    # The copy is found before an installed library.
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    options = ["-x", "-q", "--tb=no", "-rf", "-n", "0", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, *tests]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            timeout=TIME_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NoTestRunError(f"no answer within {TIME_LIMIT} s: {' '.join(command)}") from error
    failed = FAILED.search(done.stdout)
    if done.returncode == PASSED and failed is None:
        return ""
    if done.returncode != SOME_FAILED or failed is None:
        raise NoTestRunError(f"pytest ended with {done.returncode}: {done.stdout[-2000:]}")
    return failed[1]
