"""Data that are not compatible, for every test of a trajectory."""

import numpy as np
import pytest

import ntp_lib as ntp


@pytest.fixture(scope="module")
def incompatible():
    """Two contexts on one line that ask for contradicting log-odds, and a third one."""
    return ntp.NTPData(
        [[1.0, 0.0, 0.3], [2.0, 0.0, 0.6], [0.0, 1.0, 0.0]],
        np.full(3, 1 / 3),
        [[0.5, 0.5, 0.0, 0.0, 0.0], [0.8, 0.2, 0.0, 0.0, 0.0], [0.0, 0.0, 0.3, 0.7, 0.0]],
    )
