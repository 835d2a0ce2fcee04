"""Other arithmetic on the same machine: which kernels of the linear algebra, on how many threads."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ntp_lib.companion.reproduction.arithmetic import ONE_THREAD
from ntp_lib.companion.reproduction.errors import RequestError

# Two kernels of OpenBLAS that every processor of the kind runs, with other vectors and so other sums.
KERNELS = {"x86_64": ("Haswell", "Nehalem"), "aarch64": ("ARMV8", "NEOVERSEN1")}
ALIASES = {"AMD64": "x86_64", "arm64": "aarch64"}
# Kernels without AVX; PyTorch is then held to its plainest code as well.
PLAIN = ("Prescott", "Core2", "Penryn", "Nehalem", "Barcelona")
THREADS = (1, 2)
PROBE = """
import json, numpy, scipy.linalg, torch
from ntp_lib.companion.reproduction.arithmetic import arithmetic
print(json.dumps(arithmetic()))
"""
PROBE_LIMIT = 300


@dataclass(frozen=True)
class Setting:
    """One way to compute.

    Attributes:
        kernel: a kernel of OpenBLAS, by the name that OPENBLAS_CORETYPE takes.
        threads: threads of every library.
    """

    kernel: str
    threads: int

    @property
    def id(self) -> str:
        """A name for folders."""
        return f"{self.kernel.lower()}-{self.threads}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that ask for it; they have to be set before a process starts."""
        variables = dict.fromkeys(ONE_THREAD, str(self.threads)) | {"OPENBLAS_CORETYPE": self.kernel}
        if machine() == "x86_64":
            plain = self.kernel in PLAIN
            variables["MKL_CBWR"] = "COMPATIBLE" if plain else "AVX2"
            variables["ATEN_CPU_CAPABILITY"] = "default" if plain else "avx2"
        return variables

    def __str__(self) -> str:
        return f"{self.kernel}, {self.threads} {'thread' if self.threads == 1 else 'threads'}"


def machine() -> str:
    """The kind of processor, under its usual name."""
    return ALIASES.get(platform.machine(), platform.machine())


def settings(kernels: Sequence[str], threads: Sequence[int]) -> list[Setting]:
    """Every kernel with every number of threads.

    Args:
        kernels: names; this processor's two where empty.
        threads: numbers; one and two where empty.

    Raises:
        RequestError: no kernels were named and none are known for this processor.
    """
    names = list(dict.fromkeys(kernels)) or KERNELS.get(machine())
    if not names:
        raise RequestError(
            f"no kernels are known for {machine()}; name two of OpenBLAS: --kernel NAME --kernel NAME"
        )
    return [Setting(kernel, count) for kernel in names for count in dict.fromkeys(threads or THREADS)]


def require_runnable(setting: Setting) -> None:
    """Start a process with a setting and look at what it computes with.

    Raises:
        RequestError: the process died, or computes with something else.
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROBE],
        env={**os.environ, **setting.environment},
        capture_output=True,
        text=True,
        timeout=PROBE_LIMIT,
        check=False,
    )
    if done.returncode < 0:
        raise RequestError(
            f"this processor does not run OpenBLAS's kernel {setting.kernel}; name another: --kernel NAME"
        )
    if done.returncode:
        raise RequestError(
            f"{setting}: a trial process failed: {(done.stderr.strip() or 'no message').splitlines()[-1]}"
        )
    if problem := deviation(setting, json.loads(done.stdout)):
        raise RequestError(problem)


def deviation(setting: Setting, found: Mapping[str, Any]) -> str:
    """How a process computed otherwise than a setting asks, in one sentence; empty where it did not.

    Args:
        setting: what was asked for.
        found: what `arithmetic` told of the process.
    """
    if not found:
        return f"{setting}: the process did not tell what it computes with"
    libraries = [library for library in found["blas"] if str(library["library"]).startswith("openblas")]
    if not libraries:
        return f"{setting}: the process loaded no OpenBLAS, so there is no kernel to choose"
    for library in libraries:
        if str(library["kernel"]).lower() != setting.kernel.lower():
            return f"{setting}: {library['library']} took the kernel {library['kernel']}"
        if library.get("threaded", True) and library["threads"] != setting.threads:
            return f"{setting}: {library['library']} runs on {library['threads']}"
    if (threads := found.get("torch", {}).get("threads", setting.threads)) != setting.threads:
        return f"{setting}: PyTorch runs on {threads}"
    return ""
