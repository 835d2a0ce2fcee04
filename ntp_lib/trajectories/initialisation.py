"""Where a trajectory starts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntp_lib.data.ntp_data import NTPData


def lecun(data: NTPData, *, seed: int = 0) -> npt.NDArray[np.float64]:
    """LeCun initialisation: independent N(0, 1/d) entries, shape (V, d) (paper, App. A)."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((data.vocab_size, data.dim)) / np.sqrt(data.dim)
