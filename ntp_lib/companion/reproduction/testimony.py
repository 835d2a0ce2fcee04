"""What the kernel said of itself, compared with what the run was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.inputs import GENERATED, Inputs, digest_or_empty, input_name, places_of
from ntp_lib.companion.reproduction.project import Project

TESTIMONY_FILE = "testimony.json"


@dataclass(frozen=True)
class Testimony:
    """What a kernel said after its last cell.

    Attributes:
        python: minor version of its interpreter.
        packages: versions of the packages that the notebook loaded, by name.
        names: first parts of the names of modules that are none of the project's.
        modules: files of the modules that belong to no installed package, by dotted name.
        read: files below the project's folder that were opened for reading and never written.
        arithmetic: what it computed with, as `arithmetic.arithmetic` describes it.
    """

    python: str
    packages: Mapping[str, str]
    names: tuple[str, ...]
    modules: Mapping[str, Path]
    read: tuple[Path, ...]
    arithmetic: Mapping[str, Any]


def load_testimony(folder: Path) -> Testimony:
    """Read what the kernel wrote into its workspace and remove the file."""
    path = folder / TESTIMONY_FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    return Testimony(
        python=content["python"],
        packages=content["packages"],
        names=tuple(content["names"]),
        modules={name: Path(file) for name, file in content["modules"].items()},
        read=tuple(Path(file) for file in content["read"]),
        arithmetic=content["arithmetic"],
    )


def observed_inputs(project: Project, inputs: Inputs, testimony: Testimony, sources: Mapping[str, str]) -> Inputs:
    """The inputs of a run with what only the kernel knows: versions, modules, and other files.

    Args:
        project: the project.
        inputs: what the run was asked for.
        testimony: what the kernel said.
        sources: digests of the project's modules before the run.

    Returns:
        The inputs to be recorded.

    Raises:
        ReproductionError: another interpreter or another copy of a module ran, or a module changed meanwhile.
    """
    if testimony.python != inputs.python:
        raise ReproductionError(f"the kernel runs Python {testimony.python}, this command {inputs.python}")
    for name, path in testimony.modules.items():
        _require_own_module(project, name, path)
    loaded = {input_name(project, path): digest_or_empty(path) for path in testimony.modules.values()}
    inside = [path for path in loaded if path.endswith(".py") and not Path(path).is_absolute()]
    if changed := [path for path in inside if loaded[path] != sources.get(path)]:
        raise ReproductionError(f"inputs changed during the run ({changed[0]} has changed); run it again")
    read = {input_name(project, path) for path in testimony.read if not _passes(project, path)}
    others = {path: digest_or_empty(project.root / path) for path in read - inputs.files.keys() - loaded.keys()}
    seen = {path: value for path, value in sorted({**loaded, **others}.items()) if path not in inputs.files}
    return replace(inputs, packages=testimony.packages, seen=seen, names=testimony.names)


def _require_own_module(project: Project, name: str, ran: Path) -> None:
    own = next((path for path in places_of(project, name) if path.is_file()), None)
    if own is not None and own.resolve() != ran.resolve():
        raise ReproductionError(
            f"the kernel loaded {name} from {ran}, not from this project ({project.relative(own)}); "
            "look at PYTHONPATH and at sys.path in the notebook"
        )


def _passes(project: Project, path: Path) -> bool:
    """Whether a file is generated or kept by a tool, so that it is no source of anything."""
    parts = Path(input_name(project, path)).parts
    return any(part in GENERATED or part.startswith(".") for part in parts)
