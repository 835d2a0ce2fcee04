"""Entries that are not finite are refused by their place."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.numerics.finite import require_finite


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([[1.0, 2.0], [np.inf, np.nan]]), r"x has the entry inf at \(1, 0\); it must be finite"),
        (np.array([0.0, -np.inf]), r"x has the entry -inf at \(1,\)"),
    ],
)
def test_the_first_entry_that_is_not_finite_is_named(array, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        require_finite(array, "x")


def test_finite_and_empty_arrays_pass():
    require_finite(np.array([1e308, -0.0]), "x")
    require_finite(np.zeros((0, 3)), "x")
