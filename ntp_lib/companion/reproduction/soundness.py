"""Whether the record of a run, all of whose fields have their types, makes sense."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ntp_lib.companion.reproduction.checks import Check
from ntp_lib.companion.reproduction.errors import ReproductionError
from ntp_lib.companion.reproduction.fields import shown
from ntp_lib.companion.reproduction.manifest import DIGEST, IDENTIFIER
from ntp_lib.companion.reproduction.quantities import AT_LEAST, AT_MOST, BETWEEN, EQUALS
from ntp_lib.companion.reproduction.run import Run

RELATIONS = (AT_MOST, AT_LEAST, BETWEEN, EQUALS)
SCALARS = (bool, int, float, str, type(None))
DEEPEST = 8


def require_sound(run: Run, where: str) -> None:
    """Refuse a record with impossible values.

    Args:
        run: the record.
        where: the file as shown to people.

    Raises:
        ReproductionError: the first field that makes no sense, by name.
    """
    for problem in _problems(run):
        raise ReproductionError(f"{where}: {problem}")


def _problems(run: Run) -> Iterator[str]:
    if not run.notebook:
        yield "notebook is ''; valid: a name"
    if run.seconds < 0:
        yield f"seconds is {run.seconds:g}; valid: a number that is not negative"
    try:
        datetime.fromisoformat(run.started)
    except ValueError:
        yield f"started is {shown(run.started)}; valid: an ISO time"
    for name in run.figures:
        if not IDENTIFIER.fullmatch(name):
            yield f"figures: {shown(name)} is not a valid id"
    for place, digest in _digests(run):
        if not DIGEST.fullmatch(digest):
            yield f"{place} is {shown(digest)}; valid: 64 hexadecimal digits"
    names = [check.name for check in run.checks]
    for position, check in enumerate(run.checks):
        if check.name in names[:position]:
            yield f"checks[{position}]: name {shown(check.name)} is given twice"
        yield from (f"checks[{position}]: {problem}" for problem in _problems_of(check))


def _digests(run: Run) -> Iterator[tuple[str, str]]:
    yield "key", run.key
    yield from ((f"inputs: {path[:80]}", digest) for path, digest in run.inputs.items())
    for name, figure in run.figures.items():
        yield f"figures: {name}: csv_sha256", figure.csv_sha256
        if figure.source_sha256 is not None:
            yield f"figures: {name}: source_sha256", figure.source_sha256


def _problems_of(check: Check) -> Iterator[str]:
    if check.relation not in RELATIONS:
        yield f"relation is {shown(check.relation)}; valid: {' '.join(RELATIONS)}"
    ends = check.bound if check.relation == BETWEEN else [check.bound]
    if check.relation == BETWEEN and not (isinstance(ends, list) and len(ends) == 2):
        yield f"bound is {shown(ends)}; valid: the two ends of an interval"
    elif check.relation != EQUALS and not all(type(end) in (int, float) for end in ends):
        yield f"bound is {shown(check.bound)}; valid: a number"
    for name in ("observed", "bound", "control_observed"):
        if not _plain(getattr(check, name), DEEPEST):
            yield f"{name} is {shown(getattr(check, name))}; valid: numbers, bools, texts or lists of these"


def _plain(value: Any, levels: int) -> bool:
    if isinstance(value, list):
        return levels > 0 and all(_plain(item, levels - 1) for item in value)
    return isinstance(value, SCALARS)
