"""Warnings point at the line that called the library."""

import pytest

from ntp_lib import NTPData, NTPDataWarning


def test_a_warning_of_data_points_at_whoever_made_them():
    with pytest.warns(NTPDataWarning, match="first contexts 0 and 1") as caught:
        NTPData([[1.0], [1.0]], [0.5, 0.5], [[0.5, 0.5], [0.1, 0.9]])
    assert caught[0].filename == __file__
