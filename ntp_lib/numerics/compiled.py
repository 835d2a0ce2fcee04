"""Whether loops may be compiled: numba is an optional extra, `ntp-lib[fast]`."""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Callable
from typing import Any

# Set to 0, it keeps to NumPy where numba is installed: to compare both, or where nothing may be compiled.
SWITCH = "NTP_LIB_NUMBA"


def numba_is_wanted() -> bool:
    """Whether numba can be imported and is not switched off by the environment variable NTP_LIB_NUMBA=0."""
    return os.environ.get(SWITCH, "1") != "0" and _numba_is_there()


@functools.cache
def _numba_is_there() -> bool:
    """Looked up once: a search of the path takes as long as a face."""
    return importlib.util.find_spec("numba") is not None


def compiled(signature: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function for one signature at once, with its machine code kept on disk where there is a place.

    Only modules that are imported when numba is wanted use it: with a signature given, importing them compiles.
    """
    from numba import njit

    def compile_function(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            found = njit(signature, cache=True, error_model="numpy", **options)(function)
        except RuntimeError:  # no directory can be written to
            found = njit(signature, error_model="numpy", **options)(function)
        return found

    return compile_function
