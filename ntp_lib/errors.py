"""Errors and warnings that name the offending item and what would be valid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class NTPDataError(ValueError):
    """Data that no next-token problem can be built from; the message names the context and the value."""


class NTPDataWarning(UserWarning):
    """Data that can be used, but of which a property the theory needs is known to fail."""


class NotSeparableError(Exception):
    """Raised where a margin is asked of data that are not NTP-separable (paper, Def. 2).

    Attributes:
        certificate: A of shape (m, V) with rows summing to zero, A ≤ 0 off the supports and not all
            zero there, and Aᵀ·embeddings = 0: no W can satisfy (6a) and (6b) beside it.
    """

    def __init__(self, message: str, certificate: npt.NDArray[np.float64]) -> None:
        super().__init__(message)
        self.certificate = certificate

    def __reduce__(self) -> tuple[type[NotSeparableError], tuple[str, npt.NDArray[np.float64]]]:
        """Both arguments: an exception that cannot be unpickled breaks the process pool it was raised in."""
        return type(self), (str(self), self.certificate)


class DidNotConvergeError(RuntimeError):
    """A solver stopped at its limit without the accuracy it was asked for; nothing is returned in its place."""
