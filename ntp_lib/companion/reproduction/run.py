"""One execution of a notebook, as it is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ntp_lib.companion.reproduction.checks import Check
from ntp_lib.companion.reproduction.inputs import Inputs
from ntp_lib.companion.reproduction.parameters import Value


@dataclass(frozen=True)
class RecordedFigure:
    """A figure as recorded: digests of its data and of the text behind it, if any."""

    csv_sha256: str
    source_sha256: str | None


@dataclass(frozen=True)
class Run:
    """One execution of a notebook: complete, or up to the figure that was asked for.

    Attributes:
        notebook: name of the notebook.
        key: digest of everything the run depends on.
        inputs: SHA-256 of every input file by path relative to the project.
        seen: SHA-256 of the modules that the kernel loaded and of other files that it read.
        names: first parts of the names of other modules that it imported.
        parameters: values of all parameters.
        overrides: those that differ from the defaults.
        python: minor version of the interpreter.
        packages: versions of the installed packages that the kernel loaded, as it said itself.
        started: ISO time, UTC.
        seconds: wall time.
        figures: what was recorded, by figure id.
        checks: what was asserted, in order.
        until: the figure with which the execution ended; empty where the run is complete.
        files: SHA-256 of every file of the run but its record, by path relative to its folder.
        arithmetic: what the kernel computed with, as `arithmetic.arithmetic` describes it.
    """

    notebook: str
    key: str
    inputs: Mapping[str, str]
    seen: Mapping[str, str]
    names: tuple[str, ...]
    parameters: Mapping[str, Value]
    overrides: Mapping[str, Value]
    python: str
    packages: Mapping[str, str]
    started: str
    seconds: float
    figures: Mapping[str, RecordedFigure]
    checks: tuple[Check, ...]
    until: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    arithmetic: Mapping[str, Any] = field(default_factory=dict)

    def all_inputs(self) -> Inputs:
        """The inputs, to be compared with current ones."""
        return Inputs(self.inputs, self.overrides, self.python, self.packages, self.seen, self.names)
