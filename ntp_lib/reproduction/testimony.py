"""What the kernel said of itself, compared with what the run was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ntp_lib.reproduction.errors import ReproductionError
from ntp_lib.reproduction.imports import imported_modules
from ntp_lib.reproduction.inputs import Inputs, digest_or_empty, input_name
from ntp_lib.reproduction.project import Project

TESTIMONY_FILE = "testimony.json"
GENERATED = ("_build", "__pycache__")


@dataclass(frozen=True)
class Testimony:
    """What a kernel said after its last cell.

    Attributes:
        python: Minor version of its interpreter.
        packages: Versions of the packages that the notebook loaded, by name.
        modules: Files of the modules that belong to no installed package, by dotted name.
        read: Files below the project's folder that were opened for reading and never written.
        arithmetic: What it computed with, as `arithmetic.arithmetic` describes it.
    """

    python: str
    packages: Mapping[str, str]
    modules: Mapping[str, Path]
    read: tuple[Path, ...]
    arithmetic: Mapping[str, Any]


def load_testimony(folder: Path) -> Testimony:
    """Reads what the kernel wrote into its workspace, and removes the file."""
    path = folder / TESTIMONY_FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    return Testimony(
        python=content["python"],
        packages=content["packages"],
        modules={name: Path(file) for name, file in content["modules"].items()},
        read=tuple(Path(file) for file in content["read"]),
        arithmetic=content["arithmetic"],
    )


def observed_inputs(project: Project, notebook: str, inputs: Inputs, testimony: Testimony) -> Inputs:
    """The inputs of a run with what only the kernel knows: versions, and files that no statement shows.

    Args:
        project: The project.
        notebook: Name of the notebook.
        inputs: What the run was asked for.
        testimony: What the kernel said.

    Returns:
        The inputs to be recorded.

    Raises:
        ReproductionError: Another interpreter or another copy of a module ran, or a module of the project
            was loaded that no import statement shows.
    """
    if testimony.python != inputs.python:
        raise ReproductionError(f"the kernel runs Python {testimony.python}, this command {inputs.python}")
    shown = imported_modules(project.root, project.notebook(notebook))
    _require_own_modules(project, shown, testimony.modules)
    loaded = {input_name(project, path) for path in testimony.modules.values()} - inputs.files.keys()
    if hidden := sorted(path for path in loaded if path.endswith(".py") and not Path(path).is_absolute()):
        raise ReproductionError(
            f"loaded {hidden[0]}, which no import statement shows; import it by a statement, "
            "or a change in it would go unnoticed"
        )
    read = {
        input_name(project, path) for path in testimony.read if not _passes(project, path)
    } - inputs.files.keys()
    seen = {path: digest_or_empty(project.root / path) for path in sorted(loaded | read)}
    return replace(inputs, packages=testimony.packages, seen=seen)


def _require_own_modules(project: Project, shown: Mapping[Path, str], loaded: Mapping[str, Path]) -> None:
    for path, name in shown.items():
        ran = loaded.get(name)
        if ran is not None and ran.resolve() != path.resolve():
            raise ReproductionError(
                f"the kernel loaded {name} from {ran}, not from this project ({project.relative(path)}); "
                "look at PYTHONPATH and at sys.path in the notebook"
            )


def _passes(project: Project, path: Path) -> bool:
    """Whether a file is generated or kept by a tool, so that it is no source of anything."""
    parts = Path(input_name(project, path)).parts
    return any(part in GENERATED or part.startswith(".") for part in parts)
