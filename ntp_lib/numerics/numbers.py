"""Numbers that callers pass: taken as Python's own, or refused by name with what would be valid."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from numbers import Integral, Real
from typing import Any

import numpy as np

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats
from ntp_lib.numerics.arrays import to_numpy


def whole_number(value: Any, name: str, *, least: int = 0, most: int | None = None) -> int:
    """Return an integer between `least` and `most`; 1e6 and NumPy's integers are taken, True and "3" are not.

    Raises:
        NTPDataError: anything else.
    """
    number = _scalar(value)
    if number is not None and _clipped(number).is_integer() and least <= number:
        whole = int(number)
        if most is None or whole <= most:
            return whole
    upper = "" if most is None else f" and at most {most}"
    raise NTPDataError(f"{name} is {_shown(value)}; it must be a whole number of at least {least}{upper}")


def real_number(
    value: Any,
    name: str,
    *,
    above: float | None = None,
    least: float | None = None,
    below: float | None = None,
    most: float | None = None,
    infinite: bool = False,
) -> float:
    """Return a float within bounds, of which `above` and `below` are themselves excluded.

    Raises:
        NTPDataError: a text, a truth value, something complex, NaN, a number out of bounds, or infinity unless
            `infinite` allows it.
    """
    number = _scalar(value)
    clipped = None if number is None else _clipped(number)
    if clipped is not None and (np.isfinite(clipped) or (infinite and not np.isnan(clipped))):
        inside = (
            (above is None or number > above)
            and (least is None or number >= least)
            and (below is None or number < below)
            and (most is None or number <= most)
        )
        if inside:
            return clipped
    bounds = {"above": above, "at least": least, "below": below, "at most": most}
    words = " and ".join(f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None)
    kind = "number" if infinite else "finite number"
    raise NTPDataError(f"{name} is {_shown(value)}; it must be a {kind}{f' {words}' if words else ''}")


def real_numbers(values: Any, name: str) -> Floats:
    """Return a sequence of at least one finite number as a new array of shape (n,).

    Raises:
        NTPDataError: one number, an empty, unordered or nested collection, or an entry that is no finite number.
    """
    if np.ma.isMaskedArray(values) and np.ma.getmaskarray(values).any():
        raise NTPDataError(f"{name} has masked entries; every entry must be a number")
    values = to_numpy(values, name)
    ordered = values.tolist() if isinstance(values, np.ndarray) else values
    if not isinstance(ordered, Collection) or isinstance(ordered, str | bytes | Mapping | Set):
        raise NTPDataError(f"{name} is {_shown(values)}; a sequence of at least one number is needed")
    entries = list(ordered)
    if not entries:
        raise NTPDataError(f"{name} is empty; a sequence of at least one number is needed")
    return np.array([real_number(entry, f"{name}[{i}]") for i, entry in enumerate(entries)])


def one_of(value: Any, name: str, valid: Sequence[str]) -> str:
    """Return one of the texts in `valid`.

    Raises:
        NTPDataError: anything else; the message lists what is valid.
    """
    if not isinstance(value, str) or value not in valid:
        raise NTPDataError(f"unknown {name} {_shown(value)}; valid: {', '.join(valid)}")
    return value


def _scalar(value: Any) -> Any:
    """An integer or a real number; None for anything else, truth values included."""
    if isinstance(value, np.ndarray) and value.ndim == 0 and not np.ma.isMaskedArray(value):
        value = value[()]
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral | Real):
        return None
    return value


def _clipped(number: Any) -> float:
    """The number, or infinity of its sign where it is an integer or a fraction past the range of float64."""
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def _shown(value: Any) -> str:
    """A short form of a value for a message."""
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."
