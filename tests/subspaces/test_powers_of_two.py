"""Powers of two and of ten of lengths, and what is refused because float64 does not hold it."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.subspaces import scaling

PAIRS = {"context_probs": [0.5, 0.5], "next_token_probs": np.eye(2)}


@pytest.mark.parametrize(
    ("exponent", "text"),
    [(0, "1e+0"), (10, "1e+3"), (-10, "1e-3"), (1074, "1e+323"), (-2000, "1e-602"), (1, "1e+0")],
)
def test_powers_of_two_in_decimals(exponent, text):
    assert scaling.decimal(exponent) == text


def test_exponents_of_rows_and_arrays():
    rows = np.array([[1.0, -3.0], [0.0, 0.0], [0.25, 0.1], [-8.0, 4.0]])
    assert scaling.binary_exponents(rows).tolist() == [2, 0, -1, 4]
    assert scaling.binary_exponent(rows) == 4
    assert scaling.binary_exponent(np.zeros(3)) == 0


@pytest.mark.parametrize("size", [1.0, 1e-300, 1e300])
def test_lengths_whose_squares_do_not_exist(size):
    assert scaling.length(size * np.array([[3.0, 0.0], [0.0, -4.0]])) == pytest.approx(5 * size, rel=1e-14)


@pytest.mark.parametrize("exponent", [0, 5, -5, 1500, -1500])
def test_times_a_power_of_two_in_two_steps(exponent):
    array = np.ldexp(np.array([1.5, -2.0]), -exponent // 2)
    assert scaling.times_power_of_two(array, exponent).tolist() == np.ldexp(array, exponent).tolist()


def test_rows_of_ordinary_size_are_left_alone():
    data = ntp.NTPData([[3.0, 4.0], [0.0, 2.0]], **PAIRS)
    rows, norms, exponents = scaling.scaled_rows(data)
    assert rows is data.embeddings
    assert (norms.tolist(), exponents.tolist()) == ([5.0, 2.0], [0, 0])
    assert scaling.rescaled(data) == (data, 0)
    assert scaling.shortest_exponent(data) == 2


def test_other_rows_are_fractions_times_powers_of_two():
    data = ntp.NTPData(np.ldexp([[3.0, 4.0], [0.0, 2.0]], [[200], [-300]]), **PAIRS)
    rows, norms, exponents = scaling.scaled_rows(data)
    assert exponents.tolist() == [203, -298]
    assert rows.tolist() == [[0.375, 0.5], [0.0, 0.5]]
    assert norms.tolist() == [0.625, 0.5]
    assert scaling.lengths_of(norms, exponents).tolist() == [np.ldexp(5.0, 200), np.ldexp(2.0, -300)]
    assert scaling.shortest_exponent(data) == -298


def test_the_problem_is_rescaled_by_its_longest_context():
    data = ntp.NTPData(np.ldexp([[3.0, 4.0], [0.0, 2.0]], [[200], [-100]]), **PAIRS)
    problem, exponent = scaling.rescaled(data)
    assert exponent == 203
    assert np.array_equal(np.ldexp(problem.embeddings, 203), data.embeddings)
    assert np.array_equal(problem.context_probs, data.context_probs)
    far = ntp.NTPData(np.ldexp([[3.0, 4.0], [0.0, 2.0]], [[200], [-300]]), **PAIRS)
    with pytest.raises(ntp.NTPDataError) as refusal:
        scaling.rescaled(far)
    assert str(refusal.value) == (
        "embeddings: context 1 has a length of about 1e-90 and context 0 one of about 1e+61; decoders for both at "
        "once are beyond float64, so scale the contexts to comparable lengths"
    )


def test_a_length_beyond_float64_is_refused():
    with pytest.raises(ntp.NTPDataError) as refusal:
        scaling.lengths_of(np.array([0.5, 1.0, 1.0]), np.array([3, 1023, 1024], dtype=np.int32))
    assert str(refusal.value) == (
        "embeddings: context 2 has a length above 1.8e308, the largest number of float64; scale them down"
    )


@pytest.mark.parametrize("exponent", [501, -501])
def test_results_without_a_square_are_refused_with_a_remedy(exponent):
    scaling.refuse_out_of_range("W", exponent - np.sign(exponent), 40)
    with pytest.raises(ntp.NTPDataError) as refusal:
        scaling.refuse_out_of_range("W", exponent, 40, power=2)
    assert str(refusal.value) == (
        f"embeddings of length about 1e+12 make W about 1e{'+' if exponent > 0 else '-'}302: beyond what float64 "
        "holds and squares; multiply them by 1e-12, which divides W by as much"
    )
    with pytest.raises(ntp.NTPDataError, match=r"make W about 1e[+-]151:"):
        scaling.refuse_out_of_range("W", exponent, 40)
