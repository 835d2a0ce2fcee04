"""Tolerances and time limits of the solvers, checked by name."""

from __future__ import annotations

import math
from typing import Any

from ntp_lib.errors import NTPDataError


def valid_tolerance(value: Any) -> float:
    """A tolerance strictly between 0 and 1.

    Raises:
        NTPDataError: it is anything else.
    """
    number = _number(value, "tolerance")
    if not 0 < number < 1:
        raise NTPDataError(f"tolerance is {value}; it must lie between 0 and 1")
    return number


def valid_time_limit(value: Any) -> float:
    """A time limit in seconds, at least 0; infinity is none.

    Raises:
        NTPDataError: it is anything else.
    """
    number = _number(value, "time_limit")
    if math.isnan(number) or number < 0:
        raise NTPDataError(f"time_limit is {value}; it must be a number of seconds, at least 0")
    return number


def _number(value: Any, name: str) -> float:
    if isinstance(value, (str, bytes, bool)):
        raise NTPDataError(f"{name} is {value!r}; it must be a number")
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise NTPDataError(f"{name} is {value!r}; it must be a number") from None
