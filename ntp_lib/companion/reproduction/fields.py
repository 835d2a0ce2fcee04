"""Hand-written YAML, read safely: a name given twice, an unknown field or a wrong value is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ntp_lib.companion.reproduction.errors import ReproductionError, unknown
from ntp_lib.companion.reproduction.strict_yaml import StrictYamlError, parse_yaml

LONGEST = 120


def read_yaml(path: Path, where: str) -> Any:
    """The content of a YAML file, built from plain values only.

    Args:
        path: the file.
        where: the file as shown to people.

    Returns:
        Its content; an empty file is an empty mapping.

    Raises:
        ReproductionError: the file is missing, is not UTF-8, or not YAML as `parse_yaml` reads it.
    """
    try:
        content = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReproductionError(f"{where}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ReproductionError(f"{where}: not UTF-8 ({error.reason} at byte {error.start})") from error
    except StrictYamlError as error:
        raise ReproductionError(f"{where}: {error}") from error
    return content if content is not None else {}


def mapping(value: Any, where: str, valid: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """The value as a mapping of names to values; only valid names where there are any."""
    if not isinstance(value, dict):
        raise ReproductionError(f"{where}: expected a mapping of names to values, found {shown(value)}")
    for name in value:
        if valid and name not in valid:
            raise ReproductionError(f"{where}: {unknown('field', str(name), valid)}")
    return value


def text(fields: Mapping[str, Any], field: str, where: str, *, optional: bool = False) -> str:
    """One field as a text without surrounding space; empty where it is optional and null."""
    value = fields.get(field)
    if optional and value is None:
        return ""
    if not isinstance(value, str) or not value.strip():
        valid = "a non-empty text or null" if optional else "a non-empty text"
        raise ReproductionError(f"{where}: {field} is {shown(value)}; valid: {valid}")
    return value.strip()


def texts(fields: Mapping[str, Any], field: str, where: str) -> tuple[str, ...]:
    """One field as a list of different texts; it may be empty, but not absent."""
    values = fields.get(field)
    if not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
        raise ReproductionError(f"{where}: {field} is {shown(values)}; valid: a list of non-empty texts, or []")
    found = tuple(value.strip() for value in values)
    if repeated := [value for position, value in enumerate(found) if value in found[:position]]:
        raise ReproductionError(f"{where}: {field} lists {shown(repeated[0])} twice; once is enough")
    return found


def shown(value: object) -> str:
    """A value as it is shown in a message of one line."""
    words = repr(value)
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
