"""Every refusal names the place and the value; sound data pass."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from ntp_lib import NTPData, NTPDataError, NTPDataWarning

EMBEDDINGS = [[1.0, 0.0], [0.0, 1.0]]
WEIGHTS = [0.25, 0.75]
PROBS = [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]

BAD = [
    ("embeddings", [[1.0, 0.0], [0.0, np.nan]], "context 1 has the value nan in dimension 1"),
    ("embeddings", [[-np.inf, 0.0], [0.0, 1.0]], "context 0 has the value -inf in dimension 0"),
    ("embeddings", [1.0, 2.0], r"embeddings must have shape \(m, d\), all positive; got shape \(2,\)"),
    ("embeddings", np.zeros((0, 2)), r"got shape \(0, 2\)"),
    ("embeddings", np.zeros((2, 0)), r"got shape \(2, 0\)"),
    ("embeddings", [[1.0, 0.0], [0.0]], "embeddings must be numbers"),
    ("embeddings", [["a", "b"], ["c", "d"]], "embeddings must be numbers"),
    ("context_probs", [0.5, 0.25, 0.25], "context_probs has 3 entries for 2 contexts"),
    ("context_probs", [[0.5, 0.5]], r"context_probs must have shape \(m,\)"),
    ("context_probs", [-0.5, 1.5], "context 0 has the value -0.5"),
    ("context_probs", [1.0, 0.0], "context 1 has the value 0.0"),
    ("context_probs", [1.0, np.nan], "context 1 has the value nan"),
    ("context_probs", [0.5, 0.6], "context_probs sum to 1.1"),
    ("next_token_probs", [[1.0, 0.0]], "next_token_probs has 1 rows for 2 contexts"),
    ("next_token_probs", [[1.0], [1.0]], "V = 1 tokens; at least 2"),
    ("next_token_probs", [1.0, 0.0], r"next_token_probs must have shape \(m, V\)"),
    ("next_token_probs", [[0.5, 0.5, 0.0], [0.0, -0.5, 1.5]], "context 1 gives token 1 the value -0.5"),
    ("next_token_probs", [[0.5, np.inf, 0.0], [0.0, 0.0, 1.0]], "context 0 gives token 1 the value inf"),
    ("next_token_probs", [[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]], "context 1 has an empty support"),
    ("next_token_probs", [[0.5, 0.5, 0.0], [0.0, 0.2, 0.7]], "context 1 sum to 0.9"),
    ("vocabulary", ["a", "b"], "vocabulary has 2 entries for 3 tokens"),
    ("contexts", ["A"], "contexts has 1 entries for 2 contexts"),
]


def build(**changes):
    return NTPData(**{"embeddings": EMBEDDINGS, "context_probs": WEIGHTS, "next_token_probs": PROBS, **changes})


def test_the_unbroken_parts_are_accepted():
    build(vocabulary=["a", "b", "c"], contexts=["A", "B"])


@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_bad_parts_are_refused_by_name(name, value, message):
    with pytest.raises(NTPDataError, match=message) as caught:
        build(**{name: value})
    assert name in str(caught.value)


SPARSE = [(value, message) for name, value, message in BAD if name == "next_token_probs" and np.ndim(value) == 2]


@pytest.mark.parametrize(("value", "message"), SPARSE)
def test_bad_sparse_probabilities_are_refused_alike(value, message):
    with pytest.raises(NTPDataError, match=message):
        build(next_token_probs=sp.csr_array(value))


def test_sparse_duplicates_are_summed():
    probs = sp.coo_array(([0.5, 0.25, 0.25, 1.0], ([0, 0, 0, 1], [0, 1, 1, 2])), shape=(2, 3))
    assert build(next_token_probs=probs).next_token_probs.toarray().tolist() == PROBS


def test_errors_are_value_errors():
    assert issubclass(NTPDataError, ValueError)


@given(st.integers(0, 1), st.floats(1e-5, 0.4))
def test_rows_off_by_more_than_the_tolerance_are_refused(row, excess):
    probs = np.array(PROBS)
    probs[row, 2 if row else 0] += excess
    with pytest.raises(NTPDataError, match=f"context {row} sum to 1"):
        build(next_token_probs=probs)


@given(st.floats(-9e-7, 9e-7))
def test_rows_off_by_less_are_rescaled(excess):
    probs = np.array(PROBS)
    probs[0, 0] += excess
    assert abs(build(next_token_probs=probs).next_token_probs.sum(axis=1) - 1).max() <= 4e-16


@given(st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_normalised_probabilities_are_stored_bit_for_bit(count, seed):
    rng = np.random.default_rng(seed)
    rough = rng.random((2, count + 1)) ** 3 + 1e-9
    rough[1, 1:] = 0.0
    once = NTPData(np.eye(2), rough[:, 0] / rough[:, 0].sum(), rough / rough.sum(axis=1, keepdims=True))
    twice = NTPData(np.eye(2), once.context_probs, once.next_token_probs)
    assert np.array_equal(once.next_token_probs, rough / rough.sum(axis=1, keepdims=True))
    assert np.array_equal(twice.next_token_probs, once.next_token_probs)
    assert np.array_equal(twice.context_probs, once.context_probs)


def test_sums_off_by_more_than_rounding_are_still_divided_out():
    """The control: 2(n − 1)ε is 4.4e-16 for two terms, and nothing at all for one."""
    eps = np.finfo(float).eps
    kept, divided = np.array([[0.5, 0.5 + eps, 0.0]]), np.array([[0.5, 0.5 + 4 * eps, 0.0]])
    assert np.array_equal(NTPData([[1.0]], [1.0], kept).next_token_probs, kept)
    assert not np.array_equal(NTPData([[1.0]], [1.0], divided).next_token_probs, divided)
    assert NTPData([[1.0]], [1.0 - eps], [[1.0 - eps, 0.0]]).next_token_probs.tolist() == [[1.0, 0.0]]


CONFLICT = ([[1.0, 0.0], [2.0, 0.0], [1.0, 0.0]], [0.25, 0.25, 0.5])


def test_duplicates_in_conflict_warn_and_name_both():
    with pytest.warns(NTPDataWarning, match="first contexts 0 and 2"):
        NTPData(*CONFLICT, [[0.5, 0.5], [0.5, 0.5], [0.1, 0.9]])


def test_minus_zero_is_zero_for_duplicates():
    with pytest.warns(NTPDataWarning, match="first contexts 0 and 1"):
        build(embeddings=[[1.0, 0.0], [1.0, -0.0]])


def test_duplicates_in_agreement_do_not_warn():
    NTPData(*CONFLICT, [[0.5, 0.5], [0.1, 0.9], [0.5, 0.5]])  # a warning would be an error here


def test_rows_that_share_some_coordinates_do_not_warn():
    build(embeddings=[[1.0, 0.0], [1.0, 1.0]])
