"""Windows of k on 2k + 1: the polar factor, the segment of minimisers, and the point that probabilities choose."""

import numpy as np
import pytest

from ntp_lib.data.ntp_data import NTPData
from ntp_lib.errors import NTPDataError
from ntp_lib.features.families import windows, with_probabilities
from ntp_lib.features.far_path import far_path
from ntp_lib.features.half_circles import (
    chosen_extra,
    half_circle,
    half_circle_logits,
    half_circle_polar,
    largest_extra,
)
from ntp_lib.features.logit_path import logit_path
from ntp_lib.features.measurements import feature_references
from ntp_lib.features.nuclear_margin import nuclear_margin, nuclear_norm
from ntp_lib.features.pentagon import GOLDEN, pentagon_logits
from ntp_lib.features.proxy import centred_support, proxy_certificate
from ntp_lib.features.second_order import second_order_cost
from ntp_lib.features.uniqueness import unique_margin


def turning(probs):
    """The same probabilities for every window, turned with it."""
    size = len(probs)
    row = np.zeros(2 * size + 1)
    row[:size] = probs
    return NTPData(
        np.eye(len(row)), np.full(len(row), 1 / len(row)), np.array([np.roll(row, j) for j in range(len(row))])
    )


def softened(log_odds):
    return np.exp(log_odds) / np.exp(log_odds).sum()


@pytest.mark.parametrize("size", range(1, 8))
def test_the_polar_factor_and_what_it_says(size):
    certificate = proxy_certificate(half_circle(size))
    np.testing.assert_allclose(half_circle_polar(size), certificate.polar, atol=1e-13)
    assert certificate.exact
    assert certificate.unique == (size % 2 == 1)


def test_the_formula_is_not_that_of_another_circle():
    assert np.abs(proxy_certificate(windows(9, 3)).polar[0, :3] - half_circle_polar(4)[0, :3]).max() > 0.01


@pytest.mark.parametrize("size", [2, 4, 6, 8])
def test_the_norm_is_flat_up_to_the_end_and_the_rank_falls_by_two(size):
    top, V = largest_extra(size), 2 * size + 1
    norm = nuclear_norm(half_circle_logits(size, 0.0))
    for share in (0.3, 1.0):
        assert nuclear_norm(half_circle_logits(size, share * top)) == pytest.approx(norm, rel=1e-13)
    assert nuclear_norm(half_circle_logits(size, 1.1 * top)) > norm + 0.1 * top
    np.testing.assert_allclose(half_circle_logits(size, 0.0), centred_support(half_circle(size)), atol=1e-14)
    ranks = [np.linalg.matrix_rank(half_circle_logits(size, t * top), tol=1e-9) for t in (0, 0.99, 1)]
    assert ranks == [V - 1, V - 1, V - 3]


@pytest.mark.parametrize("size", [3, 4, 5, 6])
def test_one_direction_is_left_for_even_sizes_only(size):
    margin = nuclear_margin(with_probabilities(half_circle(size)), tolerance=1e-8)
    assert unique_margin(margin).null_dim == (size % 2 == 0)


def test_for_two_it_is_the_pentagon():
    assert largest_extra(2) == pytest.approx(1 / GOLDEN, rel=1e-14)
    np.testing.assert_allclose(half_circle_logits(2, 0.3), pentagon_logits(0.3), atol=1e-14)
    assert chosen_extra([0.0, 0.0]) == pytest.approx(1 / GOLDEN)
    assert chosen_extra([1.0, 0.0]) == 0.0


@pytest.mark.parametrize("seed", range(4))
def test_the_choice_is_the_least_second_order_cost(seed):
    odds = np.random.default_rng(seed).standard_normal(4) * [0.3, 1.0, 1.0, 0.3]
    references = feature_references(turning(softened(odds)))
    t = chosen_extra(odds)
    costs = [
        second_order_cost(half_circle_logits(4, x), references)
        for x in (t, max(t - 0.02, 0), min(t + 0.02, largest_extra(4) - 1e-3))
    ]
    assert costs[0] == pytest.approx(min(costs), rel=1e-9)


def test_the_path_goes_to_a_point_between_the_ends():
    odds = [1.0, -1.0, 1.0, -1.0]
    t = chosen_extra(odds)
    assert 0.1 < t < largest_extra(4) - 0.1
    references = feature_references(turning(softened(odds)))
    path = far_path(references, [1280, 2560, 5120], optimum=half_circle_logits(4, t))
    opposite = np.array([np.roll(np.arange(9) == 6, j) for j in range(9)])
    tight = ~references.support & ~opposite
    margins = path.log_penalties[:, None, None] + path.offsets
    extra = [m[opposite].mean() / m[tight].mean() - 1 for m in margins]
    gaps = np.abs(np.array(extra) - t)
    assert gaps[0] > 1.9 * gaps[1] > 3.6 * gaps[2]
    assert gaps[2] < 0.005


def test_symmetric_probabilities_lose_the_second_wave_and_others_do_not():
    ratios = []
    for odds in ([0.0, 0.0, 0.0, 0.0], [0.5, -0.5, -0.5, 0.5], [3.0, 1.0, 0.0, 0.0]):
        path = logit_path(turning(softened(odds)), [1e-3, 1e-5], tolerance=1e-6)
        sigma = np.linalg.svd(path.logits[-1], compute_uv=False)
        ratios.append(sigma[6:8] / sigma[0])
    assert np.abs(ratios[:2]).max() < 1e-5
    assert ratios[2].min() > 0.01
    assert chosen_extra([0.5, -0.5, -0.5, 0.5]) == largest_extra(4)


def test_where_the_second_wave_is_missing_the_choice_is_continuous():
    # a₂ = −a₁ sin(2θ)/sin(6θ) removes the part of order two, that would forbid the end.
    angle = 2 * np.pi * 2 / 9
    outer, inner = 1.0, -np.sin(angle * 1.5) / np.sin(angle / 2)
    at = chosen_extra([outer, inner, -inner, -outer])
    near = chosen_extra([outer, inner + 1e-6, -inner - 1e-6, -outer])
    assert 0.4 < at < largest_extra(4) - 0.05
    assert near == pytest.approx(at, abs=1e-4)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: half_circle(0), "size is 0"),
    (lambda: half_circle_logits(3, 0.1), "size is 3; it must be even"),
    (lambda: half_circle_logits(2, -1), "extra is -1"),
    (lambda: largest_extra(5), "size is 5"),
    (lambda: chosen_extra([1.0, 2.0, 3.0]), "the number of log_odds is 3"),
    (lambda: chosen_extra([1.0, np.nan]), r"log_odds\[1\] is nan"),
])  # fmt: skip
def test_what_is_refused(call, message):
    with pytest.raises(NTPDataError, match=message):
        call()
