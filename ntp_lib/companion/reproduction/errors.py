"""What the pipeline refuses, in words meant for the person at the keyboard."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable


class ReproductionError(Exception):
    """A run, a record or a file that cannot be used; the message says which and what to do next."""


class RequestError(ReproductionError):
    """A request that names something unknown or badly typed: nothing was executed."""


REMEDIES = {
    errno.EACCES: "ask its owner for the right, or choose another place",
    errno.EPERM: "ask its owner for the right, or choose another place",
    errno.EROFS: "choose a place that may be written",
    errno.ENOSPC: "free some space, or choose a place on another disk",
    errno.EDQUOT: "free some space, or choose a place on another disk",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "close some programs, or allow more open files (ulimit -n)",
    errno.ENFILE: "close some programs",
    errno.ENOMEM: "close some programs, or try --jobs 1",
}


def in_words(error: OSError, place: object = "") -> str:
    """A refusal of the operating system in one line: what it was about, what it says, what to do.

    Args:
        error: the exception.
        place: what it was about if the system does not say, as with a disk that fills up during writing.

    Returns:
        One line of text without a final full stop.
    """
    names = dict.fromkeys(str(name) for name in (error.filename, error.filename2) if name is not None)
    subject = f"{' → '.join(names) or place}: " if names or place else ""
    remedy = REMEDIES.get(error.errno or 0)
    return f"{subject}{error.strerror or error}{f'; {remedy}' if remedy else ''}"


def unknown(kind: str, name: str, valid: Iterable[str]) -> str:
    """Sentence for a name that does not exist: the nearest valid one, then all of them.

    Args:
        kind: what the name should denote, e.g. "figure".
        name: the name given.
        valid: every name that would have been accepted.

    Returns:
        One line of text without a final full stop.
    """
    names = sorted(valid)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"no {kind} {name!r}.{hint} Valid: {', '.join(names) or '(none)'}"


class PublicationError(RuntimeError):
    """The book cannot be staged or built; the message says why and what to run next."""
