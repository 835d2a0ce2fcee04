"""Result objects: frozen dataclasses whose arrays cannot be changed, and which can be pickled and copied.

Results are shared: references are handed from one trajectory to the next, and what they compute once they keep. So
nothing that a caller is given can spoil them. Arrays are read-only; tensors and tables, which have no such flag,
are handed out as a copy at every access.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property, wraps
from typing import Any, TypeVar, dataclass_transform

import array_api_compat
import numpy as np
import pandas as pd
import scipy.sparse as sp

C = TypeVar("C", bound=type[Any])
V = TypeVar("V")

COPIED = "handed out as a copy"


def read_only(value: V) -> V:
    """The value itself, its arrays locked in place: those of tuples, lists, dictionaries and sparse arrays too."""
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    elif isinstance(value, tuple | list):
        for item in value:
            read_only(item)
    elif isinstance(value, dict):
        read_only(list(value.values()))
    elif sp.issparse(value):
        for name in ("data", "indices", "indptr"):
            read_only(getattr(value, name, None))
    return value


def copied() -> Any:
    """A field, left out of the repr, for a tensor or a table: every access gives a copy of it."""
    return field(repr=False, metadata={COPIED: True})


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field, copied))
def result(cls: C) -> C:
    """Make a class a frozen dataclass that compares by identity and locks its arrays.

    Arrays of the fields are locked when the object is made, which takes them over, and those of cached properties
    when they are computed. A pickle or a copy holds the fields alone, and is locked again where it is opened.
    """
    own_check = cls.__dict__.get("__post_init__")

    def lock(self: Any) -> None:
        for value in self.__dict__.values():
            if type(value) is np.ndarray:  # the common case, in loops of training too
                value.setflags(write=False)
            else:
                read_only(value)

    def post_init(self: Any) -> None:
        lock(self)
        if own_check is not None:
            own_check(self)

    def state(self: Any) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in names if name in self.__dict__}

    def restore(self: Any, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        lock(self)

    for name, method in {"__post_init__": post_init, "__getstate__": state, "__setstate__": restore}.items():
        setattr(cls, name, method)
    for value in vars(cls).values():
        if isinstance(value, cached_property):
            value.func = _locking(value.func)
    made: C = dataclass(frozen=True, eq=False)(cls)  # type: ignore[assignment]
    names = [item.name for item in fields(made)]
    for item in fields(made):
        if COPIED in item.metadata:
            setattr(made, item.name, _Copied(item.name))
    return made


def _locking(compute: Any) -> Any:
    @wraps(compute)
    def locked(self: Any) -> Any:
        return read_only(compute(self))

    return locked


class _Copied:
    """An attribute that hands out a copy of what the object holds."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        value = instance.__dict__[self._name]
        if array_api_compat.is_torch_array(value):
            return value.clone()
        return value.copy() if isinstance(value, pd.DataFrame) else value

    def __set__(self, instance: Any, value: Any) -> None:
        # Reached through a dataclass's own __init__ only: its __setattr__ refuses everyone else.
        instance.__dict__[self._name] = value
