"""Where a benchmark ran: enough to compare with another machine, nothing that names this one."""

from __future__ import annotations

import hashlib
import os
import platform
from importlib import metadata
from pathlib import Path

import threadpoolctl

from ntp_lib.companion.benchmarks.records import Value

PACKAGES = (
    *("ntp-lib", "numpy", "scipy", "numba", "cvxpy", "qpsolvers", "osqp", "scs", "clarabel", "proxsuite"),
    *("piqp", "daqp", "scikit-learn", "jax", "diffrax"),
)
# For child processes and for what is loaded later: one thread for everybody.
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
ONE_THREAD |= {"NPROC": "1", "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
# Drawing changes no time, nor does what executes and publishes the book, but for the measuring itself.
NOT_TIMED = ("figures", "companion")
MEASURING = Path(__file__).resolve().parent


def describe_machine() -> dict[str, Value]:
    """Processor, usable cores, memory in GiB, operating system and BLAS with its number of threads."""
    description: dict[str, Value] = {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
        "blas": _blas(),
    }
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        description["memory_gib"] = round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30)
    return description


def versions() -> dict[str, str]:
    """Versions of Python and of what is timed; "absent" for what is not installed."""
    found = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "absent"
    return found


def code_digest() -> str:
    """SHA-256 over the sources of everything that is timed or that times."""
    root = Path(__file__).resolve().parents[2]
    total = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root)
        if relative.parts[0] not in NOT_TIMED or path.is_relative_to(MEASURING):
            total.update(f"{relative.as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def _blas() -> str:
    found = {
        f"{pool['internal_api']} {pool['version']}, threads: {pool['num_threads']}"
        for pool in threadpoolctl.threadpool_info()
        if pool["user_api"] == "blas"
    }
    return "; ".join(sorted(found)) or "unknown"
