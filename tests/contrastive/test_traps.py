"""Bad local minima: the loss beside them against the proved bounds, and the ways out that they leave."""

import numpy as np
import pytest

from ntp_lib.contrastive.traps import CROSS_LABELS, cross, cross_rise, line_curvature
from ntp_lib.contrastive.unconstrained import contrastive_loss
from ntp_lib.errors import NTPDataError


def loss(features, labels):
    return contrastive_loss(features @ features.T, labels)


@pytest.mark.parametrize("sizes", [[2, 2], [3, 5], [2, 3, 4], [4, 4, 2, 2]])
@pytest.mark.parametrize("excess", [1.05, 4.0])
def test_one_point_on_a_line_is_a_local_minimum(sizes, excess):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    n = len(labels)
    place = np.sqrt(excess * 2 * (n - 1) / (n - 2))
    rng = np.random.default_rng(n)
    for moved in (rng.standard_normal(n), rng.standard_normal(len(sizes))[labels]):
        x = (moved - moved.mean()) * 1e-4
        rise = loss((place + x)[:, None], labels) - np.log(n - 1)
        assert rise >= 0.99 * line_curvature(n, place) * (x @ x)
    # Where all of a class move alike the bound is attained; across the line the point is a saddle.
    assert rise == pytest.approx(line_curvature(n, place) * (x @ x), rel=0.02)
    assert loss(np.stack([np.full(n, place), 1e3 * x], axis=1), labels) < np.log(n - 1)
    # It is not global: one class on the other side is better.
    assert loss(np.where(labels == 0, -place, place)[:, None], labels) < np.log(n - 1) - 0.01


def test_a_short_point_on_a_line_is_no_minimum():
    labels = np.array([0, 0, 1, 1, 1])
    x = np.where(labels == 0, 3.0, -2.0) * 1e-4
    assert line_curvature(5, 1.0) < 0
    assert loss((1.0 + x)[:, None], labels) < np.log(4)


@pytest.mark.parametrize("tau", [4.2, 8.0, 30.0])
def test_the_cross_is_a_local_minimum_among_fixed_lengths(tau):
    at = tau + np.log(2 + np.exp(-tau))
    assert loss(cross(tau), CROSS_LABELS) == pytest.approx(at, rel=1e-13)
    rng = np.random.default_rng(0)
    for _ in range(20):
        turns = 1e-3 / tau * rng.standard_normal(4)
        assert loss(cross(tau, turns), CROSS_LABELS) - at >= 0.99 * cross_rise(tau, turns)
    squeezed = (0.0, 1e-3, 0.0, 0.0)  # attains the bound up to the mass of the partner, e^-τ/2
    rise = loss(cross(tau, squeezed), CROSS_LABELS) - at
    assert rise == pytest.approx(cross_rise(tau, squeezed), rel=0.01 + 20 * np.exp(-tau))
    assert loss(0.999 * cross(tau), CROSS_LABELS) < at
    assert cross_rise(tau, (0.3, 0.0, 0.3, 0.0)) == 0.0


def test_a_short_cross_is_no_minimum():
    turns = (0.0, 1e-2, 0.0, 0.0)
    assert cross_rise(3.0, turns) < 0
    assert loss(cross(3.0, turns), CROSS_LABELS) < 3 + np.log(2 + np.exp(-3))


def test_other_arguments_are_refused():
    with pytest.raises(NTPDataError, match="turns has 3 entries"):
        cross(5.0, (0.0, 0.0, 0.0))
    with pytest.raises(NTPDataError, match="num_features is 3"):
        line_curvature(3, 2.0)
