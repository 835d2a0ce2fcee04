"""Monte Carlo over water levels: its error, when it stops, and what it shows meanwhile."""

import math

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.thresholds.support_sizes import support_sizes
from ntp_lib.thresholds.water_level import sampled_codimension, water_level

COIN = support_sizes(2, 1)


@pytest.mark.parametrize("tolerance", [0.5, 8e-3])
def test_the_error_of_a_coin_is_that_of_its_share(tolerance):
    """For V = 2 and |S| = 1 the sample is 0 or 1: mean p, sample variance p(1 − p)n/(n − 1)."""
    found = sampled_codimension(COIN, tolerance=tolerance, seed=0)
    p, n = found.mean, found.samples
    assert found.standard_error == pytest.approx(math.sqrt(p * (1 - p) / (n - 1)), rel=1e-9)
    assert p * n == pytest.approx(round(p * n), abs=1e-6)
    assert abs(p - 0.5) < 2 / math.sqrt(n)


def test_sampling_stops_as_soon_as_the_error_is_small_enough():
    found = sampled_codimension(COIN, tolerance=8e-3, seed=0)
    assert found.standard_error <= 8e-3 * found.mean
    # A relative error of 1/√n: several batches of 4096, and no more than were needed.
    assert found.samples == 4 * 4096
    assert sampled_codimension(COIN, tolerance=0.5, seed=0).samples == 4096


def test_a_wide_vocabulary_is_sampled_in_parts(monkeypatch):
    sizes = support_sizes(10, 4)
    whole = sampled_codimension(sizes, tolerance=0.01, seed=0)
    monkeypatch.setattr("ntp_lib.thresholds.water_level.CHUNK", 1000)
    parts = sampled_codimension(sizes, tolerance=0.5, seed=0)
    assert parts.samples == 256
    assert abs(parts.mean - whole.mean) < 4 * (parts.standard_error + whole.standard_error)


def test_every_size_weighs_as_much_as_it_is_likely():
    exact = ntp.threshold_estimate(vocab_size=9, support_size={1: 3, 7: 1}).codimension
    found = sampled_codimension(support_sizes(9, {1: 3, 7: 1}), tolerance=5e-3, seed=2)
    assert abs(found.mean - exact) < 4 * found.standard_error


def test_a_size_too_rare_to_be_drawn_is_no_obstacle():
    found = sampled_codimension(support_sizes(5, {1: 1, 3: 1e-12}), tolerance=0.1, seed=0)
    exact = ntp.threshold_estimate(vocab_size=5, support_size=1).codimension
    assert abs(found.mean - exact) < 4 * found.standard_error


def test_whole_vocabularies_have_no_spread():
    """Every support of two tokens is one token, whose level is random, or both, which pin nothing."""
    found = sampled_codimension(support_sizes(2, {1: 1, 2: 1}), tolerance=0.01, seed=0)
    assert found.mean == pytest.approx(0.75, abs=4 * found.standard_error)


def test_out_of_reach_is_said_after_the_last_whole_batch(monkeypatch):
    """2 · 4096 numbers are allowed to have been drawn when another batch begins, no more."""
    monkeypatch.setattr("ntp_lib.thresholds.water_level.MAX_NUMBERS", 2 * 4096)
    message = r"after 8192 water levels the relative standard error is 1\.1e-02, not 1\.0e-06"
    with pytest.raises(ntp.DidNotConvergeError, match=message):
        sampled_codimension(COIN, tolerance=1e-6, seed=0)


def test_the_same_seed_draws_the_same_levels():
    first, again, other = (sampled_codimension(support_sizes(8, 2), tolerance=0.1, seed=s) for s in (1, 1, 2))
    assert first == again
    assert first != other


def test_progress_is_shown_where_asked_for(capsys):
    sampled_codimension(COIN, tolerance=0.5, seed=0)
    assert capsys.readouterr().err == ""
    sampled_codimension(COIN, tolerance=0.5, seed=0, progress=True)
    shown = capsys.readouterr().err
    assert "water levels: 0 samples" in shown
    assert "4096 samples" in shown


def test_levels_of_hand_made_vectors():
    """S of sum 3 and size 2; 4 and 2 exceed 3/2 and (3 + 4)/3 < 4 but 2 does not exceed 7/3."""
    levels, pinned = water_level(np.array([[3.0, 2.0], [3.0, 2.0]]), np.array([[2.0, 4.0, -9.0], [1.0, 0.0, 1.5]]))
    assert levels == pytest.approx([7 / 3, 3 / 2])
    assert pinned.tolist() == [1, 0]
