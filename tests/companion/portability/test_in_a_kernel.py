"""A real kernel under a setting: it tells what it computes with, and nobody else's environment changes."""

import os

import numpy  # noqa: F401  # loads the BLAS that is described
import pytest
from click.testing import CliRunner

from ntp_lib.companion.cli.main import main
from ntp_lib.companion.portability.settings import KERNELS, machine
from ntp_lib.companion.portability.storage import load_report
from ntp_lib.companion.reproduction.arithmetic import arithmetic
from ntp_lib.companion.reproduction.project import Project


def test_notebook_runs_under_the_setting_asked_for(green: Project) -> None:
    found = [library for library in arithmetic()["blas"] if library["library"].startswith("openblas")]
    if not found:
        pytest.skip("NumPy's BLAS is not OpenBLAS here")
    # By its own name a processor may have a kernel in one library and none in another.
    kernel = KERNELS[machine()][0] if machine() in KERNELS else found[0]["kernel"]
    before = dict(os.environ)
    arguments = ["portability", "--kernel", kernel, "--threads", "1", "--only", "descent", "--jobs", "1"]
    result = CliRunner().invoke(main, ["--project", str(green.root), *arguments])
    assert result.exit_code == 0, result.output
    assert dict(os.environ) == before
    notebook = load_report(green.build / "portability/portability.json").settings[0].notebooks["descent"]
    assert {(library["kernel"], library["threads"]) for library in notebook.arithmetic["blas"]} == {(kernel, 1)}
    if found[0]["kernel"] == kernel:
        assert notebook.arithmetic["products"]["numpy"] == arithmetic()["products"]["numpy"]
    assert notebook.figures["loss"].verified
    # The book's own runs were not touched.
    assert not (green.runs / "descent/run.json").read_text().count('"arithmetic": {"blas"')
