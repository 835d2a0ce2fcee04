"""The threshold law: its known values, its bounds, and two routes to the same number."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import binom, norm

import ntp_lib as ntp
from ntp_lib.thresholds.law import cover_probability
from ntp_lib.thresholds.pinned import log_inner, log_outer, pinned_tokens
from ntp_lib.thresholds.water_level import water_level


@pytest.fixture(autouse=True)
def _computed_anew():
    pinned_tokens.cache_clear()


def test_two_tokens_give_covers_two():
    assert ntp.threshold(vocab_size=2, support_size=1) == 2.0


@pytest.mark.parametrize(
    ("vocab_size", "support_size", "value"),
    # For three tokens a is 0, 1 or 2 with chances from plane angles: E a = 5/6 and 1/2, so 12/5 and 4/3.
    [(3, 1, 12 / 5), (3, 2, 4 / 3), (10, 9, 9 / 8.5), (4, 3, 3 / 2.5)],
)
def test_values_in_closed_form(vocab_size, support_size, value):
    assert ntp.threshold(vocab_size=vocab_size, support_size=support_size) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("sizes", [(10, 1), (10, 5), (20, 3), (5, 3), (10, (1, 2, 3, 4, 5)), (40, {1: 3, 30: 1})])
def test_the_sum_agrees_with_sampled_water_levels(sizes):
    V, S = sizes
    exact = ntp.threshold_estimate(vocab_size=V, support_size=S)
    sampled = ntp.threshold_estimate(vocab_size=V, support_size=S, method="monte-carlo", tolerance=2e-3, seed=1)
    assert exact.residual < 1e-12
    assert exact.standard_error == 0
    assert 0 < sampled.standard_error <= 2.1e-3 * sampled.value
    # Four standard errors: six parameters, a seed fixed; a wrong count of one pinned token is off by a hundred.
    assert abs(sampled.value - exact.value) <= 4 * sampled.standard_error
    wrong = (V - 1) / (exact.codimension + 0.1)
    assert abs(sampled.value - wrong) > 4 * sampled.standard_error


def test_an_estimate_says_how_it_was_computed():
    exact = ntp.threshold_estimate(vocab_size=5, support_size=[1, 2])
    assert (exact.method, exact.standard_error, exact.samples) == ("exact", 0.0, 0)
    assert 0 <= exact.residual < 1e-12
    sampled = ntp.threshold_estimate(vocab_size=5, support_size=[1, 2], method="monte-carlo", tolerance=0.1)
    assert (sampled.method, sampled.residual, sampled.samples) == ("monte-carlo", 0.0, 4096)
    # δ(c/x) = c δx/x², with a relative error of the codimension between none and the tolerance.
    assert 0 < sampled.standard_error / sampled.value < 0.1
    for found in (exact, sampled):
        assert found.sizes.weights == ((1, 0.5), (2, 0.5))
        assert found.value == pytest.approx(4 / found.codimension, rel=1e-15)


def test_the_error_of_the_ratio_is_relatively_that_of_the_codimension():
    """For two tokens the codimension is a share p of n throws: relative error √((1 − p)/p/(n − 1))."""
    found = ntp.threshold_estimate(vocab_size=2, support_size=1, method="monte-carlo", tolerance=0.5)
    p = found.codimension
    relative = math.sqrt((1 - p) / p / (found.samples - 1))
    assert found.standard_error == pytest.approx(found.value * relative, rel=1e-9)


def test_the_residual_is_that_of_the_worst_size():
    residuals = [pinned_tokens(60, size).residual for size in (1, 3, 20)]
    assert ntp.threshold_estimate(vocab_size=60, support_size=[1, 3, 20]).residual == max(residuals)


def test_samples_follow_the_seed_which_is_zero_where_none_is_given():
    options = {"vocab_size": 6, "support_size": 2, "method": "monte-carlo", "tolerance": 0.1}
    plain, zero, one = (ntp.threshold_estimate(**options, **seed) for seed in ({}, {"seed": 0}, {"seed": 1}))
    assert plain == zero
    assert plain.value != one.value


def test_progress_is_shown_for_samples_where_asked_for(capsys):
    for progress in (False, True):
        ntp.threshold_estimate(
            vocab_size=6, support_size=2, method="monte-carlo", tolerance=0.1, progress=progress
        )
        assert ("water levels" in capsys.readouterr().err) == progress


def test_the_law_of_pinned_tokens_sums_to_one_at_language_scale():
    law = pinned_tokens(50_000, 10)
    assert law.residual < 1e-9
    assert 99 < law.mean < 100


def test_inner_and_outer_probabilities_by_ordinary_quadrature():
    assert np.exp(log_inner(np.array([1.0]), 3))[0] == pytest.approx(0.5, rel=1e-12)
    # Two of three values above their mean: the plane angle of two directions at correlation −1/2, π/3 of 2π.
    assert np.exp(log_inner(np.array([2.0]), 1))[0] == pytest.approx(1 / 6, rel=1e-12)
    for k in (0.0, 4.0, 30.0):
        spread = 1 / math.sqrt(2 + k)
        expected = quad(
            lambda x, s=spread, r=30 - k: norm.cdf(x) ** r * norm.pdf(x, scale=s), -9, 9, points=[0, 1]
        )[0]
        assert np.exp(log_outer(np.array([k]), 2, 30))[0] == pytest.approx(expected, rel=1e-7)


def test_one_token_off_the_support_is_a_fair_coin():
    """The closed form, against the sum that it replaces."""
    k = np.array([0.0, 1.0])
    assert np.exp(log_inner(k, 4) + log_outer(k, 4, 1)) == pytest.approx([0.5, 0.5], rel=1e-12)


def test_the_water_level_against_bracketing():
    rng = np.random.default_rng(0)
    for size, others in ((1, 1), (1, 9), (4, 6), (9, 1)):
        inside, outside = 2 * rng.standard_normal((20, size)), 2 * rng.standard_normal((20, others))
        sums = np.column_stack([inside.sum(axis=1), np.full(20, size)])
        levels, pinned = water_level(sums, outside)
        for g, h, level, count in zip(inside, outside, levels, pinned, strict=True):
            expected = brentq(lambda c, g=g, h=h: (g - c).sum() + np.maximum(h - c, 0).sum(), -50, 50, xtol=1e-13)
            assert level == pytest.approx(expected, abs=1e-11)
            assert count == (h > expected).sum()


def test_the_law_falls_with_the_support_and_rises_with_the_vocabulary():
    by_size = [ntp.threshold(vocab_size=12, support_size=s) for s in range(1, 12)]
    by_vocabulary = [ntp.threshold(vocab_size=V, support_size=3) for V in range(4, 40)]
    assert (np.diff(by_size) < 0).all()
    assert (np.diff(by_vocabulary) > 0).all()
    assert min(by_size + by_vocabulary) > 1


@pytest.mark.parametrize("sizes", [2, 7, range(1, 8), {1: 0.9, 7: 0.1}])
def test_it_lies_between_lemma_1_and_the_count_of_parameters(sizes):
    law = ntp.threshold(vocab_size=8, support_size=sizes)
    assert 1 <= law < ntp.compatibility_threshold(vocab_size=8, support_size=sizes)


def test_mixed_sizes_average_the_codimensions():
    parts = [ntp.threshold_estimate(vocab_size=9, support_size=s).codimension for s in (2, 5)]
    mixed = ntp.threshold_estimate(vocab_size=9, support_size={2: 1, 5: 3})
    assert mixed.codimension == pytest.approx((parts[0] + 3 * parts[1]) / 4, rel=1e-14)
    assert mixed.value == ntp.threshold(vocab_size=9, support_size=[2, 5, 5, 5])


def test_a_full_support_counts_all_its_equations():
    assert ntp.threshold_estimate(vocab_size=4, support_size={4: 1, 1: 1}).codimension == pytest.approx(
        (3 + pinned_tokens(4, 1).mean) / 2
    )


def test_covers_count():
    assert cover_probability(80, 40) == pytest.approx(0.5, rel=1e-14)
    assert cover_probability(40, 40) == 1.0
    assert cover_probability(5, 2) == pytest.approx(2**-4 * (1 + 4))
    assert cover_probability(90, 40) < binom.cdf(39, 79, 0.5)


@pytest.mark.parametrize(
    ("num_contexts", "dim", "message"),
    [(0, 1, "num_contexts is 0"), (1.5, 1, "num_contexts is 1.5"), (1, 0, "dim is 0"), (1, "2", "dim is '2'")],
)
def test_covers_count_needs_a_context_and_a_dimension(num_contexts, dim, message):
    with pytest.raises(ntp.NTPDataError, match=f"^{message}; it must be a whole number of at least 1"):
        cover_probability(num_contexts, dim)
    assert cover_probability(1, 1) == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"vocab_size": 1, "support_size": 1}, "vocab_size is 1"),
        ({"vocab_size": 2.5, "support_size": 1}, "vocab_size is 2.5"),
        ({"vocab_size": 10, "support_size": 0}, "support_size is 0; it must be between 1 and vocab_size = 10"),
        ({"vocab_size": 10, "support_size": 11}, "support_size is 11"),
        ({"vocab_size": 10, "support_size": True}, "support_size is True"),
        ({"vocab_size": 10, "support_size": "6"}, "the text '6'"),
        ({"vocab_size": 10, "support_size": []}, "no size a positive weight"),
        ({"vocab_size": 10, "support_size": {3: 0.0}}, "no size a positive weight"),
        ({"vocab_size": 10, "support_size": {3: -1.0}}, "weight of support size 3 is -1.0"),
        ({"vocab_size": 10, "support_size": {3: math.nan}}, "weight of support size 3 is nan"),
        ({"vocab_size": 10, "support_size": 10}, "every support is the whole vocabulary of 10"),
    ],
)
def test_bad_input_is_named(arguments, message):
    for function in (ntp.threshold, ntp.threshold_estimate, ntp.compatibility_threshold):
        with pytest.raises(ntp.NTPDataError, match=message):
            function(**arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "guess"}, "unknown method 'guess'; valid: exact, monte-carlo"),
        ({"tolerance": 0.0}, "tolerance is 0.0; it must be a finite number above 0"),
        ({"seed": -1}, "seed is -1; it must be a whole number of at least 0"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ntp.NTPDataError, match=message):
        ntp.threshold_estimate(vocab_size=4, support_size=2, **options)


def test_a_tolerance_out_of_reach_is_an_error(monkeypatch):
    monkeypatch.setattr("ntp_lib.thresholds.water_level.MAX_NUMBERS", 10_000)
    with pytest.raises(ntp.DidNotConvergeError, match="relative standard error"):
        ntp.threshold_estimate(vocab_size=10, support_size=1, method="monte-carlo", tolerance=1e-6)
