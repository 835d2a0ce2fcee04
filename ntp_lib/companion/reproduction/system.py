"""Which systems notebooks are executed on."""

from __future__ import annotations

import sys

from ntp_lib.companion.reproduction.errors import RequestError

NOT_ON_WINDOWS = (
    "notebooks are not executed on Windows: locks, signals and sockets are others there, and nobody has tried. "
    "Use the Windows Subsystem for Linux, and in it all of this works as on Linux. "
    "The library and `ntp list`, `ntp data`, `ntp sweep` do without executing notebooks"
)


def require_supported_system() -> None:
    """Say at once where notebooks cannot be executed.

    Raises:
        RequestError: this is Windows.
    """
    if sys.platform == "win32":
        raise RequestError(NOT_ON_WINDOWS)
