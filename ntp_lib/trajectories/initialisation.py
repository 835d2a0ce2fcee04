"""Where a trajectory starts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.numbers import whole_number

# Logits and ‖W‖ of a start, beyond which squares and exponentials leave the range of float64 along the way.
LARGEST = 1e100


def lecun(data: NTPData, *, seed: int = 0) -> npt.NDArray[np.float64]:
    """LeCun initialisation: independent N(0, 1/d) entries, shape (V, d) (paper, App. A)."""
    rng = np.random.default_rng(whole_number(seed, "seed"))
    return rng.standard_normal((data.vocab_size, data.dim)) / np.sqrt(data.dim)


def start_of(data: NTPData, W0: npt.ArrayLike | None, *, seed: int) -> npt.NDArray[np.float64]:
    """The start that a caller gives, as a new array, or LeCun initialisation when None.

    Raises:
        NTPDataError: W0 is no decoder of these data, or it or its logits are so large that nothing can be computed
            from it.
    """
    if W0 is None:
        return lecun(data, seed=seed)
    W = data.check_decoder(W0, "W0").copy()
    largest = float(np.abs(W).max())
    if largest > LARGEST:
        raise NTPDataError(f"W0 has an entry of size {largest:.3g}; at most {LARGEST:g} is possible")
    longest = float(np.abs(data.embeddings).max())
    if largest * longest > LARGEST:
        raise NTPDataError(
            f"W0 has entries up to {largest:.3g} and the embeddings up to {longest:.3g}; their product, a logit, "
            f"may be at most {LARGEST:g}"
        )
    return W
