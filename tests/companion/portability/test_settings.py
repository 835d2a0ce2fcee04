"""What a setting asks of a kernel, and that a kernel which computes otherwise is noticed."""

import os
import subprocess

import pytest
from other_arithmetic import told_by

from ntp_lib.companion.portability import settings as module
from ntp_lib.companion.portability.settings import Setting, deviation, require_runnable, settings
from ntp_lib.companion.reproduction import arithmetic
from ntp_lib.companion.reproduction.errors import RequestError


def test_two_kernels_on_one_and_two_threads_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    found = settings([], [])
    assert [(setting.kernel, setting.threads) for setting in found] == [
        ("Haswell", 1),
        ("Haswell", 2),
        ("Nehalem", 1),
        ("Nehalem", 2),
    ]
    environment = found[3].environment
    assert environment["OPENBLAS_CORETYPE"] == "Nehalem"
    assert {environment[name] for name in environment if name.endswith("_NUM_THREADS")} == {"2"}
    assert environment["MKL_CBWR"] != found[0].environment["MKL_CBWR"]


def test_processor_without_known_kernels_asks_for_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(RequestError, match="riscv64; name two"):
        settings([], [])
    assert [setting.kernel for setting in settings(["RISCV64_GENERIC"], [1])] == ["RISCV64_GENERIC"]
    assert "MKL_CBWR" not in Setting("RISCV64_GENERIC", 1).environment


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"blas": [{"library": "openblas 1", "kernel": "Zen", "threads": 2}]}, "took the kernel Zen"),
        ({"blas": [{"library": "openblas 1", "kernel": "Haswell", "threads": 1}]}, "runs on 1"),
        ({"blas": [{"library": "mkl 1", "kernel": "unknown", "threads": 2}]}, "no OpenBLAS"),
        ({"torch": {"capability": "AVX2", "threads": 8}}, "PyTorch runs on 8"),
    ],
)
def test_other_arithmetic_than_asked_is_named(change: dict, words: str) -> None:
    setting = Setting("Haswell", 2)
    assert deviation(setting, told_by(setting)) == ""
    assert "did not tell" in deviation(setting, {})
    assert words in deviation(setting, {**told_by(setting), **change})


@pytest.mark.parametrize(
    ("threaded", "problem"), [(False, ""), (True, "Haswell, 2 threads: openblas 1 runs on 1")]
)
def test_a_library_built_for_one_thread_is_not_asked_for_two(threaded: bool, problem: str) -> None:
    setting = Setting("Haswell", 2)
    single = {"library": "openblas 1", "kernel": "Haswell", "threads": 1, "threaded": threaded}
    told = told_by(setting)
    assert deviation(setting, {**told, "blas": [*told["blas"], single]}) == problem


def test_a_process_says_which_of_its_libraries_are_threaded(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = {"user_api": "blas", "internal_api": "openblas", "version": "1", "num_threads": 1, "filepath": "x"}
    pools = [{**pool, "threading_layer": layer} for layer in ("disabled", "pthreads")]
    monkeypatch.setattr("threadpoolctl.threadpool_info", lambda: pools)
    assert [library["threaded"] for library in arithmetic.arithmetic()["blas"]] == [False, True]


def test_kernel_that_openblas_does_not_know_is_refused_before_anything_runs() -> None:
    before = dict(os.environ)
    with pytest.raises(RequestError, match="Nosuchkernel"):
        require_runnable(Setting("Nosuchkernel", 1))
    assert dict(os.environ) == before


def test_kernel_that_kills_its_process_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    killed = subprocess.CompletedProcess([], -4, "", "")
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: killed)
    with pytest.raises(RequestError, match="does not run OpenBLAS's kernel SkylakeX"):
        require_runnable(Setting("SkylakeX", 1))
