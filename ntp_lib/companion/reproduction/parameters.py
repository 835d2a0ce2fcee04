"""The typed parameters of a notebook, and requests for other values checked before anything runs.

papermill only warns of an unknown name, and its line-by-line reader drops a line that holds two `=`
(a comment may), so the one cell tagged `parameters` is read as Python here.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import math
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ntp_lib.companion.reproduction.errors import ReproductionError, RequestError, unknown
from ntp_lib.companion.reproduction.fields import LONGEST, shown
from ntp_lib.companion.reproduction.notebooks import code_cells
from ntp_lib.companion.reproduction.strict_yaml import StrictYamlError, parse_yaml

Scalar = int | float | str | bool
Value = Scalar | list[Scalar]

SCALARS: dict[str, type[Scalar]] = {"int": int, "float": float, "str": str, "bool": bool}
LISTS = {f"list[{name}]": name for name in SCALARS}
DIGEST_LENGTH = 12
EXAMPLES = {"int": "3", "float": "0.5", "str": "text", "bool": "true"}


@dataclass(frozen=True)
class Parameter:
    """One parameter: its name, type (`float`, `list[int]`, …), default and one line of help."""

    name: str
    type: str
    default: Value
    help: str

    def __str__(self) -> str:
        return f"{self.name}: {self.type} = {self.default!r}"


def notebook_parameters(path: Path) -> dict[str, Parameter]:
    """Read the cell tagged `parameters`.

    Args:
        path: a notebook whose parameters cell holds lines `name: type = literal  # help`.

    Returns:
        Its parameters by name, in order; none where no cell has the tag.

    Raises:
        ReproductionError: a line is not of that form, or there are several such cells.
    """
    cells = [cell for cell in code_cells(path) if "parameters" in cell.tags]
    if not cells:
        return {}
    if len(cells) > 1:
        raise ReproductionError(f"{path.name}: {len(cells)} cells are tagged 'parameters'; valid: one")
    source = cells[0].source
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise ReproductionError(f"{path.name}: parameters cell, line {error.lineno}: {error.msg}") from error
    comments = _comments(source)
    found = [_parameter(path, statement, comments) for statement in statements if not _is_docstring(statement)]
    return {parameter.name: parameter for parameter in found}


def parse_overrides(path: Path, assignments: Sequence[str]) -> dict[str, Value]:
    """Turn `name=value` requests into values of the declared types.

    Args:
        path: the notebook the request is for.
        assignments: texts such as `step_size=0.25` or `seeds=[0, 1]`.

    Returns:
        The values that differ from the notebook's own, by parameter name, in the notebook's order.

    Raises:
        RequestError: a name is unknown, given twice, or its value is not of its type; the message
            lists the valid names with their types and defaults.
    """
    parameters = notebook_parameters(path)
    values: dict[str, Value] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = name.strip()
        if not equals:
            raise _refusal(path, parameters, f"{shown(assignment)} is not of the form name=value")
        if name not in parameters:
            near = unknown("parameter", name[:LONGEST], parameters).partition(" Valid:")[0]
            raise _refusal(path, parameters, near)
        if name in values:
            raise _refusal(path, parameters, f"{name!r} is given twice")
        try:
            values[name] = parse_value(text.strip(), parameters[name].type)
        except ValueError as error:
            raise _refusal(path, parameters, f"{name}: {error}") from error
    return {
        name: values[name]
        for name, parameter in parameters.items()
        # By spelling, for 0.0 == -0.0 and True == 1.
        if name in values and repr(values[name]) != repr(parameter.default)
    }


def digest_of(overrides: Mapping[str, Value]) -> str:
    """A short name for a set of overrides: the same for the same values, in whatever order they were given."""
    content = json.dumps(sorted(overrides.items()))
    return hashlib.sha256(content.encode()).hexdigest()[:DIGEST_LENGTH]


def parse_value(text: str, kind: str) -> Value:
    """Read a text as one declared type, strictly.

    Args:
        text: what was typed.
        kind: `int`, `float`, `str`, `bool` or a list of one of these.

    Returns:
        The value.

    Raises:
        ValueError: the text is not of that type.
    """
    if kind not in LISTS:
        return _scalar(text, kind)
    element = LISTS[kind]
    example = f"[{EXAMPLES[element]}]"
    try:
        items = parse_yaml(text)
    except StrictYamlError as error:
        raise ValueError(f"{shown(text)} is not a {kind}, such as {example} ({error})") from error
    if not isinstance(items, list):
        raise ValueError(f"{shown(text)} is not a {kind}, such as {example}")
    return [_element(item, element, position) for position, item in enumerate(items, start=1)]


def _scalar(text: str, kind: str) -> Scalar:
    if kind == "str":
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise ValueError(f"{shown(text)} is not UTF-8")
        return text
    if kind == "bool":
        if text.lower() not in ("true", "false"):
            raise ValueError(f"{shown(text)} is not a bool: true or false")
        return text.lower() == "true"
    try:
        number = SCALARS[kind](text)
    except ValueError as error:
        raise ValueError(f"{shown(text)} is not of type {kind}, such as {EXAMPLES[kind]}") from error
    if isinstance(number, float) and not math.isfinite(number):
        raise ValueError(f"{shown(text)} is not a finite number")
    return number


def _element(item: object, kind: str, position: int) -> Scalar:
    if kind == "float" and type(item) in (int, float):
        return _scalar(str(item), "float")
    if type(item) is not SCALARS[kind]:
        raise ValueError(f"element {position} is {shown(item)}, not of type {kind}")
    assert isinstance(item, (int, float, str, bool))
    return item


def _parameter(path: Path, statement: ast.stmt, comments: dict[int, str]) -> Parameter:
    where = f"{path.name}: parameters cell, line {statement.lineno}"
    if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
        raise ReproductionError(f"{where}: valid: name: type = literal  # help")
    name, kind = statement.target.id, ast.unparse(statement.annotation)
    if kind not in SCALARS and kind not in LISTS:
        raise ReproductionError(f"{where}: {name} has type {kind!r}; valid: {', '.join([*SCALARS, *LISTS])}")
    try:
        default = ast.literal_eval(statement.value) if statement.value else None
        items = default if kind in LISTS else [default]
        assert isinstance(items, list)
        values = [_default(item, LISTS.get(kind, kind)) for item in items]
    except (ValueError, AssertionError) as error:
        raise ReproductionError(f"{where}: the default of {name} is not a literal of type {kind}") from error
    return Parameter(
        name=name,
        type=kind,
        default=values if kind in LISTS else values[0],
        help=comments.get(statement.end_lineno or statement.lineno, ""),
    )


def _default(item: object, kind: str) -> Scalar:
    if kind == "float" and type(item) in (int, float):
        return float(item)  # type: ignore[arg-type]
    if type(item) is not SCALARS[kind]:
        raise ValueError(item)
    return item


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("# ").strip() for token in tokens if token.type == tokenize.COMMENT
    }


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _refusal(path: Path, parameters: dict[str, Parameter], problem: str) -> RequestError:
    valid = "".join(f"\n  {parameter}{_note(parameter)}" for parameter in parameters.values())
    return RequestError(
        f"{problem}{'' if problem.endswith('?') else '.'}\n"
        f"Parameters of {path.stem}:{valid or ' none'}\nNothing was executed."
    )


def _note(parameter: Parameter) -> str:
    return f"  # {parameter.help}" if parameter.help else ""
