"""Checks of a notebook: an observation, its bound, and a control that must fail the same bound."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from ntp_lib.reproduction.session import Session

AT_MOST, AT_LEAST, BETWEEN, EQUALS = "≤", "≥", "∈", "="


@dataclass(frozen=True)
class Check:
    """One check as recorded with a run.

    Attributes:
        name: `notebook/what`.
        observed: The quantity found.
        relation: `≤`, `≥`, `∈` (a closed interval) or `=`.
        bound: What it is compared with.
        control_observed: The same quantity under a broken assumption or from broken code.
        holds: The observation satisfies the relation.
        control_fails: The control does not.
        reason: Why this bound, in one sentence.
    """

    name: str
    observed: Any
    relation: str
    bound: Any
    control_observed: Any
    holds: bool
    control_fails: bool
    reason: str

    @property
    def problem(self) -> str:
        """Why the check proves nothing, evaluated afresh from its numbers; empty where it stands."""
        if not (self.holds and satisfies(self.observed, self.relation, self.bound)):
            return f"check {self.name}: observed {_show(self.observed)} is not {self._bound} ({self.reason})"
        if not self.control_fails or satisfies(self.control_observed, self.relation, self.bound):
            control = _show(self.control_observed)
            return f"check {self.name}: cannot fail, for its control {control} is {self._bound} too"
        return ""

    @property
    def _bound(self) -> str:
        return f"{self.relation} {_show(self.bound)}"

    def __str__(self) -> str:
        control = _show(self.control_observed)
        return f"✓ {self.name}: {_show(self.observed)} {self._bound} (control {control} fails)"


def check(
    name: str,
    observed: Any,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    equals: Any = None,
    control: Any,
    reason: str,
) -> None:
    """Asserts a result of a notebook, and that the assertion could have failed.

    Args:
        name: `notebook/what`, once per run.
        observed: The quantity found; a number, bool, text, or a list of these.
        at_most: Largest value accepted.
        at_least: Smallest value accepted; together with `at_most` a closed interval.
        equals: The only value accepted, exactly; excludes the other two.
        control: The same quantity under a broken assumption or from broken code.
        reason: Why this bound, in one sentence.

    Raises:
        AssertionError: The relation fails, or the control satisfies it too.
        ValueError: There is no bound or a contradictory one, no reason, or the name was used before.
    """
    relation, bound = _relation(name, at_most, at_least, equals)
    if not reason.strip():
        raise ValueError(f"check {name}: give the reason of the bound")
    seen, broken = _plain(observed), _plain(control)
    result = Check(
        name=name,
        observed=seen,
        relation=relation,
        bound=bound,
        control_observed=broken,
        holds=satisfies(seen, relation, bound),
        control_fails=not satisfies(broken, relation, bound),
        reason=reason.strip(),
    )
    if session := Session.current():
        if any(earlier["name"] == name for earlier in session.records()["checks"]):
            raise ValueError(f"check {name}: the name was used before in this notebook")
        session.note_check(asdict(result))
    if result.problem:
        raise AssertionError(result.problem)
    print(result)


def satisfies(value: Any, relation: str, bound: Any) -> bool:
    """Whether a value stands in a relation to a bound; NaN never does."""
    if isinstance(value, float) and math.isnan(value):
        return False
    if relation == EQUALS:
        return bool(value == bound)
    if not isinstance(value, (int, float)):
        return False
    low, high = {AT_MOST: (-math.inf, bound), AT_LEAST: (bound, math.inf), BETWEEN: bound}[relation]
    return bool(low <= value <= high)


def _relation(name: str, at_most: Any, at_least: Any, equals: Any) -> tuple[str, Any]:
    if (equals is None) == (at_most is None and at_least is None):
        raise ValueError(f"check {name}: give at_most, at_least or both, or equals alone")
    if equals is not None:
        return EQUALS, _plain(equals)
    if at_least is None:
        return AT_MOST, _plain(at_most)
    if at_most is None:
        return AT_LEAST, _plain(at_least)
    return BETWEEN, [_plain(at_least), _plain(at_most)]


def _plain(value: Any) -> Any:
    """NumPy scalars, arrays and tuples as the Python values that a record holds."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ValueError(f"a check compares numbers, bools, texts or lists of these, not {type(value).__name__}")


def _show(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_show(item) for item in value)}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
