"""The compiled product is that of NumPy, at sizes around those of its blocks, and writes nothing beside."""

import numpy as np
import pytest

from ntp_lib.numerics.compiled import numba_is_wanted

if not numba_is_wanted():
    pytest.skip("without numba", allow_module_level=True)

from ntp_lib.trajectories.compiled_product import COLUMNS, MOST, ROWS, multiply

SIZES = [
    (n, inner, columns)
    for n in (1, ROWS, ROWS + 1, 10)
    for columns in (1, COLUMNS - 1, COLUMNS, COLUMNS + 1, 50, MOST, MOST + 1)
    for inner in (1, columns)
]


@pytest.mark.parametrize(("n", "inner", "columns"), SIZES)
def test_it_is_the_product(n, inner, columns):
    rng = np.random.default_rng(n + columns)
    left, right = rng.normal(size=(n, inner)), rng.normal(size=(inner, columns))
    around = np.full(n * columns + 2 * COLUMNS, np.nan)
    out = around[COLUMNS:-COLUMNS].reshape(n, columns)
    multiply(left, right, out)
    scale = np.abs(left) @ np.abs(right)
    assert np.all(np.abs(out - left @ right) <= 1e-15 * inner * scale)
    assert np.isnan(around[:COLUMNS]).all()
    assert np.isnan(around[-COLUMNS:]).all()
    left[-1, -1] *= 1 + 1e-9
    assert not np.all(np.abs(out - left @ right) <= 1e-15 * inner * scale), "control: another last entry"


def test_what_is_no_number_stays_in_its_row():
    left, right, out = np.ones((10, 50)), np.ones((50, 50)), np.empty((10, 50))
    left[3, 7] = np.nan
    multiply(left, right, out)
    assert np.isnan(out[3]).all()
    assert np.array_equal(np.delete(out, 3, axis=0), np.full((9, 50), 50.0))
