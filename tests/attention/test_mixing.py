"""The best attention on several labels: its closed form against optimality itself and a second solver."""

import numpy as np
import pytest

from ntp_lib.attention.mixing import best_mixture, joining_scales, late_mixture_excess
from ntp_lib.attention.soft import late_log_odds, retrieval_scale, soft_retrieval
from ntp_lib.errors import NTPDataError


def problems(count=60):
    rng = np.random.default_rng(0)
    for _ in range(count):
        k = int(rng.integers(1, 6))
        p = rng.dirichlet(np.full(k, rng.choice([0.5, 5.0])))
        yield p / p.sum(), float(10 ** rng.uniform(-1.5, 1.7)), int(rng.integers(max(k, 2), 40))


def test_the_mixture_is_optimal_and_comes_out_of_its_attention():
    for p, tau, V in problems():
        found = best_mixture(p, tau, V)
        a = found.attention
        weights = np.exp(tau * a)
        np.testing.assert_allclose(weights / (weights.sum() + V - len(p)), found.output, rtol=1e-12)
        # Slopes of the loss over τ: equal where attention is positive, nowhere less; a token without label too.
        slopes, used = np.append(found.output - p, found.rest), np.append(a > 0, False)
        assert np.ptp(slopes[used]) < 1e-15
        assert slopes.min() >= slopes[used].min() - 1e-15
        np.testing.assert_array_equal(a > 0, p > found.level)


def test_two_solvers_agree():
    for p, tau, V in problems(20):
        one, other = best_mixture(p, tau, V), soft_retrieval(p, tau, V)
        # Two labels are solved to rounding, more by SLSQP to the square root of it.
        np.testing.assert_allclose(one.attention, other.attention, atol=1e-13 if len(p) == 2 else 1e-4)
        assert one.excess == pytest.approx(other.excess, abs=1e-12)


def test_labels_join_one_after_the_other():
    p = np.array([0.2, 0.5, 0.05, 0.25])
    joins = joining_scales(p, 20)
    assert np.argsort(joins).tolist() == [1, 3, 0, 2]
    assert sorted(joins)[1] == pytest.approx(retrieval_scale(p, 20), rel=1e-13)
    for c in (0, 2, 3):
        assert best_mixture(p, joins[c] * 0.999, 20).attention[c] == 0
        assert best_mixture(p, joins[c] * 1.001, 20).attention[c] > 0
    # Equal labels never wait for each other.
    assert joining_scales([0.5, 0.5], 7).tolist() == [0, 0]


@pytest.mark.parametrize("p", [(0.7, 0.3), (0.5, 0.3, 0.2), (1.0,)])
def test_what_composing_costs(p):
    k, least = len(p), min(p)
    for tau in (12.0, 30.0, 90.0):
        found = best_mixture(p, tau, 20)
        cut = (1 - k / 20) * found.level
        assert found.level <= 20 / k * np.exp(np.log(p).mean() - tau / k) * (1 + 1e-12)
        assert k * cut * (1 - 1e-12) <= found.excess <= k * cut / (1 - cut / least) * (1 + 1e-12)
        assert found.excess == pytest.approx(late_mixture_excess(p, tau, 20), rel=30 * np.exp(-tau / k))
    if k == 2:
        odds = np.log(found.attention[0] / found.attention[1])
        assert odds == pytest.approx(late_log_odds(p, tau), rel=1e-12)


def test_labels_that_fill_the_vocabulary_cost_nothing():
    assert abs(best_mixture([0.7, 0.3], 5.0, 2).excess) < 1e-16
    with pytest.raises(NTPDataError, match="vocab_size is 2"):
        best_mixture([0.5, 0.3, 0.2], 5.0, 2)
    with pytest.raises(NTPDataError, match="probs are"):
        joining_scales([0.5, 0.6], 5)
    with pytest.raises(NTPDataError, match="scale"):
        best_mixture([0.5, 0.5], 0.0, 5)
