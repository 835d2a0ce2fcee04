"""Hand-written YAML, read safely: a name given twice, an unknown field or a wrong value is refused by name."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ntp_lib.reproduction.errors import ReproductionError, unknown


def read_yaml(path: Path, where: str) -> Any:
    """The content of a YAML file, built from plain values only.

    Args:
        path: The file.
        where: The file as shown to people.

    Returns:
        Its content; an empty file is an empty mapping.

    Raises:
        ReproductionError: The file is missing, is not YAML, or gives a name twice.
    """
    try:
        content = _UniqueKeyLoader(path.read_text(encoding="utf-8")).get_single_data()
    except OSError as error:
        raise ReproductionError(f"{where}: cannot be read ({error.strerror})") from error
    except yaml.YAMLError as error:
        raise ReproductionError(f"{where}: {error}") from error
    return content if content is not None else {}


def mapping(value: Any, where: str, valid: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """The value as a mapping of names to values; only valid names where there are any."""
    if not isinstance(value, dict):
        raise ReproductionError(f"{where}: expected a mapping of names to values, found {value!r}")
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
        raise ReproductionError(f"{where}: {field} is {value!r}; valid: {valid}")
    return value.strip()


def texts(fields: Mapping[str, Any], field: str, where: str) -> tuple[str, ...]:
    """One field as a list of different texts; it may be empty, but not absent."""
    values = fields.get(field)
    if not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
        raise ReproductionError(f"{where}: {field} is {values!r}; valid: a list of non-empty texts, or []")
    found = tuple(value.strip() for value in values)
    if repeated := [value for position, value in enumerate(found) if value in found[:position]]:
        raise ReproductionError(f"{where}: {field} lists {repeated[0]!r} twice; once is enough")
    return found


class _UniqueKeyLoader(yaml.SafeLoader):
    """Safe YAML that refuses a name given twice, which would silently drop the first entry."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = [self.construct_object(name, deep=True) for name, _ in node.value]
        for position, name in enumerate(names):
            if name in names[:position]:
                line = node.value[position][0].start_mark.line + 1
                raise yaml.YAMLError(f"{name!r} is given twice (line {line})")
        return super().construct_mapping(node, deep=deep)
