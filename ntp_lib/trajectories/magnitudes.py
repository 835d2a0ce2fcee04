"""Which units of the embeddings a trajectory can be computed in: squares of everything must stay in float64."""

from __future__ import annotations

import numpy as np

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.limiting.limits import Limits, limits_of

# Lengths of the longest embedding; W is measured in their inverses.
LENGTHS = (1e-100, 1e100)
# Entries of W^mm and W°; short embeddings beside long ones make them large.
LARGEST_REFERENCE = 1e140


def limits_in_range(data: NTPData, given: Limits | None, *, lengths: tuple[float, float] = LENGTHS) -> Limits:
    """The references of a problem, given or computed, if squares of what is measured stay in float64.

    Raises:
        NTPDataError: embeddings too long or too short, or references too large; or those of other data.
        DidNotConvergeError: as for `references`.
    """
    # The largest entry first: its square may not exist.
    largest = float(np.abs(data.embeddings).max())
    length = largest and largest * float(np.linalg.norm(data.embeddings / largest, axis=1).max())
    if length and not lengths[0] <= length <= lengths[1]:
        raise NTPDataError(
            f"embeddings: the longest has length {length:.3g}; trajectories are computed for lengths between "
            f"{lengths[0]:g} and {lengths[1]:g}: multiply the embeddings by a number, which divides W by it"
        )
    references = limits_of(data, given)
    for name, W in {"W^mm": references.W_mm, "W°": references.W_finite}.items():
        entry = 0.0 if W is None else float(np.abs(W).max())
        if not entry <= LARGEST_REFERENCE:
            raise NTPDataError(
                f"embeddings: {name} has an entry of size {entry:.3g}, at most {LARGEST_REFERENCE:g} is possible; "
                "some embeddings are too short beside others"
            )
    return references
