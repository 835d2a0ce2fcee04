"""What the pipeline refuses, in words meant for the person at the keyboard."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ReproductionError(Exception):
    """A run, a record or a file that cannot be used; the message says which and what to do next."""


class RequestError(ReproductionError):
    """A request that names something unknown or badly typed: nothing was executed."""


def unknown(kind: str, name: str, valid: Iterable[str]) -> str:
    """Sentence for a name that does not exist: the nearest valid one, then all of them.

    Args:
        kind: What the name should denote, e.g. "figure".
        name: The name given.
        valid: Every name that would have been accepted.

    Returns:
        One line of text without a final full stop.
    """
    names = sorted(valid)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"no {kind} {name!r}.{hint} Valid: {', '.join(names) or '(none)'}"
