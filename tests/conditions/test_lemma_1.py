"""What counts as rounding: directions that Lemma 1 vouches for, and log-odds missed by the last digits of W*."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.conditions.log_odds_fit import ROUNDED_ENTRIES, in_range, is_rounding, log_odds_violations
from ntp_lib.margins.certificates import direction_holds, lemma_1_direction

PAIR = {"context_probs": [0.5, 0.5], "next_token_probs": [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]}
SEPARATING = np.array([[0.0, 1.0], [0.0, 0.0], [-1.0, 0.0]])


def problem(embeddings=((2.0, 0.0), (0.0, 1.0))):
    return ntp.NTPData(embeddings, **PAIR)


def test_independent_contexts_with_margins_are_separable():
    assert lemma_1_direction(SEPARATING, problem())
    assert lemma_1_direction(1e-300 * SEPARATING, problem())
    assert not lemma_1_direction(-SEPARATING, problem())


@pytest.mark.parametrize("size", [0.0, np.inf, np.nan])
def test_no_direction_of_length_zero_or_infinity(size):
    assert not lemma_1_direction(np.full((3, 2), size), problem())


def test_a_margin_of_zero_separates_nothing():
    data = ntp.NTPData([[1.0]], [1.0], [[1.0, 0.0]])
    assert not lemma_1_direction(np.ones((2, 1)), data)
    assert lemma_1_direction(np.array([[1.0], [0.5]]), data)


@pytest.mark.parametrize(("tie", "holds"), [(0.0, True), (0.009, True), (0.011, False)])
def test_ties_may_be_off_by_a_hundredth_of_the_margin(tie, holds):
    """The margin of context 0, per unit of its length, is that of token 0 over token 2."""
    W = SEPARATING + np.array([[0.0, 0.0], [tie, 0.0], [0.0, 0.0]])
    assert lemma_1_direction(W, problem()) is holds
    assert lemma_1_direction(W, problem([[200.0, 0.0], [0.0, 1.0]])) is holds


def test_a_full_support_must_tie_beside_the_least_margin_of_the_others():
    data = ntp.NTPData(np.eye(2), [0.5, 0.5], [[0.5, 0.5], [1.0, 0.0]])
    assert lemma_1_direction(np.array([[0.009, 1.0], [0.0, 0.0]]), data)
    assert not lemma_1_direction(np.array([[0.011, 1.0], [0.0, 0.0]]), data)


def test_dependent_contexts_are_not_vouched_for():
    data, W = ntp.NTPData([[1.0], [2.0]], [0.5, 0.5], np.eye(2)[[0, 0]]), np.array([[1.0], [-1.0]])
    assert not lemma_1_direction(W, data)
    assert direction_holds(W, data), "control: its margin is decisive by itself"


@pytest.mark.parametrize("exponent", [0, 600, -600])
def test_a_violation_is_rounding_up_to_the_relative_error_of_the_decoder(exponent):
    """‖W‖ = 5 and contexts of lengths 2 and 1."""
    W = np.ldexp(np.array([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]]), exponent)
    allowed = np.ldexp(ROUNDED_ENTRIES * 5 * np.array([2.0, 1.0]), exponent)
    assert is_rounding(0.999 * allowed, W, problem())
    for worse in ([1.001, 0.5], [0.5, 1.001]):
        assert not is_rounding(worse * allowed, W, problem())


def test_what_a_decoder_of_zero_does_not_miss_is_rounding():
    assert is_rounding(np.zeros(2), np.zeros((3, 2)), problem())
    assert not is_rounding(np.array([0.0, 1e-300]), np.zeros((3, 2)), problem())


def test_violations_are_the_spread_of_what_the_log_odds_are_missed_by():
    """Context 0 asks for equal logits and gets 6 and −2; a single token has no log-odds."""
    W = np.array([[3.0, 7.0], [-1.0, 0.0], [9.0, 9.0]])
    assert log_odds_violations(W, problem()).tolist() == [8.0, 0.0]
    assert log_odds_violations(W * 1e307, problem([[2e9, 0.0], [0.0, 1.0]])).tolist() == [np.inf, 0.0]


def test_decoders_beyond_float64_are_refused_with_the_length_of_the_embeddings():
    W = np.array([[1.0]])
    assert in_range(W, 3) == [[8.0]]
    assert in_range(W, 0) is W
    with pytest.raises(ntp.NTPDataError) as refusal:
        in_range(W, 1100)
    assert str(refusal.value) == (
        "embeddings: the shortest are about 1e-331 long, so decoders that meet the log-odds are beyond float64; "
        "scale the embeddings up"
    )
