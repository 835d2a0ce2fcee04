"""Numbers of callers: what is taken, and what is refused by name."""

from fractions import Fraction

import numpy as np
import pytest

from ntp_lib.errors import NTPDataError
from ntp_lib.numerics.numbers import one_of, real_number, real_numbers, whole_number

NO_NUMBERS = [True, np.True_, "3", None, 3 + 0j, [3], np.array([3]), float("nan"), float("inf"), 10**400, {}]


@pytest.mark.parametrize("value", [3, 3.0, np.int8(3), np.float32(3), np.array(3), Fraction(3)])
def test_whole_numbers_are_taken(value):
    found = whole_number(value, "steps", least=3, most=3)
    assert (found, type(found)) == (3, int)


@pytest.mark.parametrize("value", [*NO_NUMBERS, 3.5, 2, 10, -1])
def test_anything_else_is_no_whole_number(value):
    with pytest.raises(NTPDataError, match=r"^steps is .*a whole number of at least 3 and at most 9$"):
        whole_number(value, "steps", least=3, most=9)


def test_large_integers_are_kept_exactly():
    assert whole_number(2**70 + 1, "seed") == 2**70 + 1


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.array(0.5), Fraction(1, 2)])
def test_real_numbers_are_taken(value):
    found = real_number(value, "step_size", above=0, below=1)
    assert (found, type(found)) == (0.5, float)


@pytest.mark.parametrize("value", [*NO_NUMBERS, 0, 1, -1, 2.0])
def test_anything_else_is_no_real_number(value):
    with pytest.raises(NTPDataError, match=r"^step_size is .*; it must be a finite number above 0 and below 1$"):
        real_number(value, "step_size", above=0, below=1)


def test_closed_bounds_belong_to_the_range():
    assert real_number(0, "decay", least=0, most=1) == 0
    assert real_number(1, "decay", least=0, most=1) == 1
    with pytest.raises(NTPDataError, match="at least 0 and at most 1"):
        real_number(1.1, "decay", least=0, most=1)


@pytest.mark.parametrize("values", [[1, 2.5], (1, 2.5), np.array([1, 2.5])])
def test_sequences_become_arrays(values):
    found = real_numbers(values, "radii")
    assert found.tolist() == [1.0, 2.5]
    assert found.dtype == np.float64


def test_tensors_become_arrays():
    import torch

    assert real_numbers(torch.tensor([1.0, 2.5], requires_grad=True), "radii").tolist() == [1.0, 2.5]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "radii is empty"),
        ((x for x in (1, 2)), "radii is <generator"),
        (3.0, r"radii is 3.0; a sequence"),
        ("12", r"radii is '12'; a sequence"),
        ({1, 2}, "a sequence"),
        ({1: 2}, "a sequence"),
        (None, "radii is None"),
        ([1, "2"], r"radii\[1\] is '2'"),
        ([1, np.nan], r"radii\[1\] is nan"),
        ([[1, 2]], r"radii\[0\] is \[1, 2\]"),
        ([True, 2], r"radii\[0\] is True"),
        (np.ma.masked_array([1, 2], mask=[False, True]), "masked"),
        ([1 + 0j], r"radii\[0\]"),
    ],
)
def test_other_collections_are_refused(values, message):
    with pytest.raises(NTPDataError, match=message):
        real_numbers(values, "radii")


@pytest.mark.parametrize("value", ["GD", "", None, ["gd"], 3])
def test_choices(value):
    assert one_of("gd", "method", ("gd", "ngd")) == "gd"
    with pytest.raises(NTPDataError, match=r"unknown method .*; valid: gd, ngd"):
        one_of(value, "method", ("gd", "ngd"))
