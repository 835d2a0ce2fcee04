"""Records of our own in JSON: every field there, none unknown, each of the type that its dataclass declares."""

from __future__ import annotations

import enum
import hashlib
import json
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ntp_lib.companion.reproduction.errors import ReproductionError, unknown
from ntp_lib.companion.reproduction.fields import shown
from ntp_lib.numerics.whole_file import whole_file

SEAL = "record_sha256"
WORDS = {int: "an integer", float: "a finite number", str: "a text", bool: "true or false", type(None): "null"}

Record = TypeVar("Record")


def parse_json(text: str, where: str) -> Any:
    """One JSON document.

    Args:
        text: the document.
        where: the file as shown to people.

    Returns:
        Its content.

    Raises:
        ReproductionError: it is not JSON, nests without end, or gives a name twice.
    """
    try:
        return json.loads(text, object_pairs_hook=_each_name_once)
    except (ValueError, RecursionError) as error:
        raise ReproductionError(f"{where}: not JSON ({error})") from error


def write_json(content: Any, path: Path) -> None:
    """Write a document; whoever reads the path finds the earlier file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_json(path: Path, where: str) -> Any:
    """The content of a file that must be one JSON document.

    Raises:
        ReproductionError: there is no such file, or it is no such document.
    """
    if not path.is_file():
        raise ReproductionError(f"{where} (there is no such file)")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReproductionError(f"{where} ({error})") from error
    return parse_json(text, where)


def read_report(path: Path, schema: Any, where: str) -> dict[str, Any]:
    """The fields of a report that names its schema.

    Raises:
        ReproductionError: there is no such file, or it is no report of this schema.
    """
    content = _require(read_json(path, where), dict, where, "a mapping of names to values")
    found = content.pop("schema", None)
    # In Python True equals 1, and 1.0 does.
    if repr(found) != repr(schema):
        raise ReproductionError(f"{where}: schema is {shown(found)}; valid: {schema}")
    return content


def load_report(
    kind: type[Record],
    path: Path,
    *,
    schema: Any,
    name: str,
    problems: Callable[[Record], Iterable[str]],
    remedy: str,
) -> Record:
    """Read a report as a dataclass.

    Args:
        kind: as for `as_record`.
        path: the file.
        schema: what the file calls its schema.
        name: what it should be, for the message.
        problems: what is impossible about a report, one phrase each.
        remedy: what to do where it cannot be read.

    Raises:
        ReproductionError: there is no file, or it is no possible report of this schema; the message names the
            field and ends with the remedy.
    """
    where = f"{path.name}: not a readable {name}"
    try:
        report = as_record(kind, read_report(path, schema, where), where)
        for problem in problems(report):
            raise ReproductionError(f"{where}: {problem}")
        return report
    except ReproductionError as error:
        raise ReproductionError(f"{error}; {remedy}") from error


def as_record(kind: type[Record], value: Any, where: str) -> Record:
    """A mapping as a dataclass, its fields and what they hold checked by their annotations.

    Args:
        kind: a dataclass of int, float, str, bool, None, Literal, enums, unions, tuples, lists, mappings of
            texts or whole numbers, dataclasses and Any.
        value: as JSON gives it.
        where: the file and the place in it, for the message.

    Returns:
        The record; lists that are declared as tuples are tuples.

    Raises:
        ReproductionError: a field is missing, unknown or of another type; the message names it and what would be
            valid.
    """
    if not isinstance(value, dict):
        raise ReproductionError(f"{where}: {shown(value)}; valid: a mapping of {', '.join(_names(kind))}")
    for name in value:
        if name not in _names(kind):
            raise ReproductionError(f"{where}: {unknown('field', name[:40], _names(kind))}")
    hints = get_type_hints(kind)
    for name in _names(kind):
        if name not in value:
            raise ReproductionError(f"{where}: {name} is missing")
    return kind(**{name: _typed(hints[name], value[name], f"{where}: {name}") for name in _names(kind)})


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record, and a digest of all of them that tells whether one was altered."""
    return {**content, SEAL: _digest(content)}


def without_seal(content: Any) -> Any:
    """The fields of a sealed record alone; anything that is no mapping as it is."""
    return {name: content[name] for name in content if name != SEAL} if isinstance(content, dict) else content


def require_seal(content: Mapping[str, Any], where: str) -> None:
    """Refuse a sealed record whose fields are not those that were sealed.

    Raises:
        ReproductionError: they are not, or there is no digest.
    """
    if content.get(SEAL) != _digest(without_seal(content)):
        raise ReproductionError(f"{where}: it was altered, or written by another version")


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)[:40]!r} is given twice")
    return found


def _names(kind: Any) -> list[str]:
    return [field.name for field in fields(kind)]


def _typed(kind: Any, value: Any, where: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if is_dataclass(kind):
        return as_record(kind, value, where)  # type: ignore[arg-type]
    if origin in (Union, types.UnionType):
        return _one_of(arguments, value, where)
    if origin in (tuple, list):
        items = _require(value, list, where, "a list")
        return origin(_typed(arguments[0], item, f"{where}[{number}]") for number, item in enumerate(items))
    if origin is Mapping:
        items = _require(value, dict, where, "a mapping of names to values")
        keys = {name: _key(arguments[0], name, where) for name in items}
        return {keys[name]: _typed(arguments[1], item, f"{where}: {name[:40]}") for name, item in items.items()}
    choices = (
        arguments if origin is Literal else [one.value for one in kind] if issubclass(kind, enum.Enum) else None
    )
    if choices is not None:
        if not isinstance(value, str) or value not in choices:
            raise ReproductionError(f"{where} is {shown(value)}; valid: {', '.join(choices)}")
        return value if origin is Literal else kind(value)
    return _scalar(kind, value, where)


def _key(kind: Any, name: str, where: str) -> Any:
    """A name in a mapping, which JSON writes as a text, as the annotation has it."""
    if kind is not int:
        return name
    if name != str(int(name) if name.isdecimal() else None):
        raise ReproductionError(f"{where}: {name[:40]!r}; valid: whole numbers as names")
    return int(name)


def _scalar(kind: type, value: Any, where: str) -> Any:
    if kind is float and type(value) in (int, float) and abs(value) <= sys.float_info.max:
        return value
    if kind is float or type(value) is not kind:
        raise ReproductionError(f"{where} is {shown(value)}; valid: {WORDS[kind]}")
    return value


def _one_of(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    for kind in kinds:
        try:
            return _typed(kind, value, where)
        except ReproductionError:
            continue
    valid = " or ".join(WORDS.get(kind, "a list") for kind in kinds)
    raise ReproductionError(f"{where} is {shown(value)}; valid: {valid}")


def _require(value: Any, kind: type, where: str, valid: str) -> Any:
    if not isinstance(value, kind):
        raise ReproductionError(f"{where} is {shown(value)}; valid: {valid}")
    return value
