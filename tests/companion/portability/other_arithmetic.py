"""Executions of notebooks on other arithmetic, without kernels."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from ntp_lib.companion.portability.settings import Setting
from ntp_lib.companion.reproduction.failures import Failure
from ntp_lib.companion.reproduction.kernel import Outcome
from ntp_lib.companion.reproduction.project import Project
from ntp_lib.companion.reproduction.runs import load_run, save_run

SETTINGS = [Setting(kernel, threads) for kernel in ("Haswell", "Nehalem") for threads in (1, 2)]


def told_by(setting: Setting) -> dict[str, object]:
    """What a kernel that computes as asked tells of itself."""
    library = {"library": "openblas 0.3.30", "kernel": setting.kernel, "threads": setting.threads}
    return {
        "blas": [library],
        "torch": {"capability": "AVX2", "threads": setting.threads},
        "products": {"numpy": setting.kernel, "torch": "the same"},
    }


class Kernels:
    """Stands for executing notebooks: copies the project's runs as another arithmetic would have left them."""

    def __init__(self) -> None:
        self.executed: list[str] = []
        self.failing: set[tuple[str, str]] = set()
        self.told: Callable[[Setting], Mapping[str, object]] = told_by

    def run(
        self, project: Project, folders: Mapping[str, Path], *, environment, fresh, **_: object
    ) -> list[Outcome]:
        setting = Setting(environment["OPENBLAS_CORETYPE"], int(environment["OMP_NUM_THREADS"]))
        return [self._run(project, setting, name, folder, fresh) for name, folder in folders.items()]

    def _run(self, project: Project, setting: Setting, name: str, folder: Path, fresh: bool) -> Outcome:
        if (setting.id, name) in self.failing:
            return Outcome(
                name, executed=True, failure=Failure(name, "code cell 2: x", "ValueError: no [link](x)", "", "")
            )
        if fresh or load_run(folder) is None:
            self.executed.append(f"{setting.id}/{name}")
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(project.runs / name, folder)
            run = load_run(folder)
            assert run is not None
            save_run(replace(run, arithmetic=self.told(setting)), folder)
        return Outcome(name, executed=True)
