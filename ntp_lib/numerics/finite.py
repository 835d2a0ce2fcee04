"""Arrays whose entries must be finite."""

from __future__ import annotations

import numpy as np

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.aliases import Floats


def require_finite(array: Floats, name: str) -> None:
    """Refuse an array that holds NaN or an infinity, and say where.

    Raises:
        NTPDataError: an entry that is not finite.
    """
    if not np.isfinite(array).all():
        place = tuple(int(i[0]) for i in np.nonzero(~np.isfinite(array)))
        raise NTPDataError(f"{name} has the entry {array[place]} at {place}; it must be finite")
