"""Values that checks compare: their kinds, their relation to a bound, their text."""

from __future__ import annotations

import math
from typing import Any

AT_MOST, AT_LEAST, BETWEEN, EQUALS = "≤", "≥", "∈", "="
NUMBER = frozenset({"number"})


def plain(value: Any) -> Any:
    """NumPy scalars, arrays and tuples as the Python values that a record holds.

    Args:
        value: a number, bool, text, None, or a list, tuple or array of these.

    Returns:
        The same as int, float, bool, str, None, or lists of them.

    Raises:
        ValueError: it is something else.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ValueError(f"a check compares numbers, bools, texts or lists of these, not {type(value).__name__}")


def undefined(value: Any) -> bool:
    """Whether a value is NaN or None, or holds one: such a value stands in no relation to anything."""
    if isinstance(value, list):
        return any(undefined(item) for item in value)
    return value is None or (isinstance(value, float) and math.isnan(value))


def kinds(value: Any) -> frozenset[str]:
    """The kinds that occur in a value: `number`, `bool`, `text`, or `list of …`; an empty list has none."""
    if isinstance(value, list):
        return frozenset(f"list of {kind}" for item in value for kind in kinds(item))
    if isinstance(value, bool):
        return frozenset({"bool"})
    if isinstance(value, (int, float)):
        return NUMBER
    return frozenset({"text" if isinstance(value, str) else type(value).__name__})


def comparable(value: Any, *others: Any) -> bool:
    """Whether a value is of the kind of others; an empty list is of the kind of every list."""
    lists = {isinstance(item, list) for item in (value, *others)}
    expected = frozenset[str]().union(*map(kinds, others))
    return len(lists) == 1 and (not expected or kinds(value) <= expected)


def satisfies(value: Any, relation: str, bound: Any) -> bool:
    """Whether a value stands in a relation to a bound; NaN, None and a value of another kind never do."""
    if undefined(value) or undefined(bound):
        return False
    if relation == EQUALS:
        same = comparable(value, bound) and comparable(bound, value)
        return bool(same and value == bound)
    ends = bound if relation == BETWEEN and isinstance(bound, list) and len(bound) == 2 else [bound, bound]
    if any(kinds(item) != NUMBER for item in (value, *ends)):
        return False
    above = relation in (AT_LEAST, BETWEEN)
    below = relation in (AT_MOST, BETWEEN)
    return bool((above or below) and (not above or ends[0] <= value) and (not below or value <= ends[1]))


def show(value: Any) -> str:
    """A value in a message: four digits."""
    if isinstance(value, list):
        return f"[{', '.join(show(item) for item in value)}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
