"""Checks of a notebook: an observation, its bound, and a control that must fail the same bound.

With the notebook's own parameters a check that does not stand stops the execution. Under other parameters,
and where a person runs the notebook in Jupyter, it says so and the notebook goes on: the picture is still wanted.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from ntp_lib.companion.reproduction.quantities import (
    AT_LEAST,
    AT_MOST,
    BETWEEN,
    EQUALS,
    NUMBER,
    comparable,
    kinds,
    plain,
    satisfies,
    show,
    undefined,
)
from ntp_lib.companion.reproduction.session import Session

Scope = Literal["all", "defaults"]
SCOPES = {"all": "claimed for all parameters", "defaults": "claimed for the default parameters only"}


@dataclass(frozen=True)
class Check:
    """One check as recorded with a run.

    Attributes:
        name: `notebook/what`.
        observed: the quantity found.
        relation: `≤`, `≥`, `∈` (a closed interval) or `=`.
        bound: what it is compared with.
        control_observed: the same quantity under a broken assumption or from broken code.
        holds: the observation satisfies the relation.
        control_fails: the control is of the observation's kind and does not satisfy the relation.
        reason: why this bound, in one sentence.
        scope: `all` where the claim is meant for other parameters as well, `defaults` where it is about the
            seed and the sizes that the notebook itself gives.
    """

    name: str
    observed: Any
    relation: str
    bound: Any
    control_observed: Any
    holds: bool
    control_fails: bool
    reason: str
    scope: str = "all"

    @property
    def problem(self) -> str:
        """Why the check proves nothing, evaluated afresh from its numbers; empty where it stands."""
        trouble = self.trouble
        return f"check {self.name}: {trouble}" if trouble else ""

    @property
    def trouble(self) -> str:
        """The same without the name."""
        if not (self.holds and satisfies(self.observed, self.relation, self.bound)):
            return f"observed {self._shown} is not {self._bound} ({self.reason})"
        if self._control_trouble:
            return self._control_trouble
        if not self.control_fails or satisfies(self.control_observed, self.relation, self.bound):
            return f"cannot fail, for its control {show(self.control_observed)} is {self._bound} too"
        return ""

    @property
    def control_is_comparable(self) -> bool:
        """The control is a value, of the same kind as the observation."""
        return not self._control_trouble

    @property
    def _control_trouble(self) -> str:
        control = self.control_observed
        if undefined(control):
            return f"its control is {show(control)}; a control is a value that fails the bound, not NaN or None"
        if not comparable(control, *self._expected):
            return f"its control {_with_kind(control)} cannot be compared with {_with_kind(self.observed)}"
        return ""

    @property
    def _expected(self) -> tuple[Any, ...]:
        """Values of the kind that the control must have."""
        return (self.observed, self.bound) if self.relation == EQUALS else (self.observed,)

    @property
    def _shown(self) -> str:
        alike = undefined(self.observed) or (self.relation == EQUALS and comparable(self.observed, self.bound))
        numbers = self.relation != EQUALS and kinds(self.observed) == NUMBER
        return show(self.observed) if alike or numbers else _with_kind(self.observed)

    @property
    def _bound(self) -> str:
        return f"{self.relation} {show(self.bound)}"

    def __str__(self) -> str:
        if self.trouble:
            return f"✗ {self.name}: {self.trouble}"
        control = show(self.control_observed)
        return f"✓ {self.name}: {show(self.observed)} {self._bound} (control {control} fails)"


def check(
    name: str,
    observed: Any,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    equals: Any = None,
    control: Any,
    reason: str,
    scope: Scope = "all",
) -> None:
    """Assert a result of a notebook, and that the assertion could have failed.

    Under other parameters than the notebook's own, and in Jupyter, a check that does not stand is recorded
    and printed with a cross, and the notebook goes on.

    Args:
        name: `notebook/what`, once per run.
        observed: the quantity found; a number, bool, text, or a list of these.
        at_most: largest value accepted.
        at_least: smallest value accepted; together with `at_most` a closed interval.
        equals: the only value accepted, exactly; excludes the other two.
        control: the same quantity under a broken assumption or from broken code; of the same kind, not NaN.
        reason: why this bound, in one sentence.
        scope: `all` where the claim is meant for other parameters as well; `defaults` where it is about the
            seed and the sizes that the notebook itself gives, which a reader with others is told.

    Raises:
        AssertionError: the relation fails, or the control satisfies it too.
        ValueError: the control is NaN, None or of another kind than the observation; there is no bound or a
            contradictory one, no reason, an unknown scope, or the name was used before.
    """
    relation, bound = _relation(name, at_most, at_least, equals)
    if not reason.strip():
        raise ValueError(f"check {name}: give the reason of the bound")
    if scope not in get_args(Scope):
        raise ValueError(f"check {name}: scope is {scope!r}; valid: {', '.join(get_args(Scope))}")
    result = _judged(name, plain(observed), relation, bound, plain(control), reason.strip(), scope)
    session = Session.current()
    if session:
        if any(earlier["name"] == name for earlier in session.records()["checks"]):
            raise ValueError(f"check {name}: the name was used before in this notebook")
        session.note_check(asdict(result))
    goes_on = session.other_parameters if session else _in_jupyter()
    if result.problem and not goes_on:
        broken = result.holds and not result.control_is_comparable
        raise ValueError(result.problem) if broken else AssertionError(result.problem)
    print(result)


def _judged(name: str, observed: Any, relation: str, bound: Any, control: Any, reason: str, scope: Scope) -> Check:
    result = Check(
        name=name,
        observed=observed,
        relation=relation,
        bound=bound,
        control_observed=control,
        holds=satisfies(observed, relation, bound),
        control_fails=not satisfies(control, relation, bound),
        reason=reason,
        scope=scope,
    )
    return result if result.control_is_comparable else replace(result, control_fails=False)


def _relation(name: str, at_most: Any, at_least: Any, equals: Any) -> tuple[str, Any]:
    if (equals is None) == (at_most is None and at_least is None):
        raise ValueError(f"check {name}: give at_most, at_least or both, or equals alone")
    if equals is not None:
        return EQUALS, plain(equals)
    ends = [plain(end) for end in (at_least, at_most) if end is not None]
    for end in ends:
        if kinds(end) != NUMBER:
            raise ValueError(f"check {name}: the bound {_with_kind(end)} is not a number")
    if len(ends) == 2:
        return BETWEEN, ends
    return (AT_MOST if at_least is None else AT_LEAST), ends[0]


def _with_kind(value: Any) -> str:
    named = " and ".join(sorted(kinds(value))) or "list"
    return f"{show(value)} ({named})"


def _in_jupyter() -> bool:
    """Whether a person runs this: their parameters are their own, and no pipeline reads the verdict."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None
