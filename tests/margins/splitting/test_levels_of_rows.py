"""The projection onto the cones: against bracketing, a quadratic programme, and Moreau's decomposition."""

import numpy as np
import pytest
import scipy.optimize
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ntp_lib.margins.splitting.water_level import clipped

STEPS = 50


def floor_of(support):
    return np.where(support, -np.inf, 0.0)


def drawn(seed, m=6, V=7):
    rng = np.random.default_rng(seed)
    support = rng.random((m, V)) < 0.4
    support[np.arange(m), rng.integers(0, V, m)] = True
    return 3 * rng.standard_normal((m, V)), support, rng.integers(1, 5, V).astype(float)


def projected(point, support, weights=None, *, start=0.0, steps=STEPS):
    level, taken = clipped(
        np, point, np.full((len(point), 1), start), floor_of(support), steps=steps, weights=weights
    )
    return level[:, 0], point - taken


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_levels_are_the_roots(seed, weighted):
    point, support, weights = drawn(seed)
    weights = weights if weighted else np.ones(7)

    def poured(c, x, inside):
        return np.sum(weights * np.where(inside, x - c, np.maximum(x - c, 0)))

    levels, left = projected(point, support, weights if weighted else None)
    for x, inside, level, y in zip(point, support, levels, left, strict=True):
        c = scipy.optimize.brentq(poured, x.min() - 1, x.max() + 1, args=(x, inside), xtol=1e-14)
        assert level == pytest.approx(c, abs=1e-12)
        np.testing.assert_allclose(y, np.where(inside, c, np.minimum(x, c)), atol=1e-12)


def test_the_projection_solves_its_quadratic_programme():
    import cvxpy as cp

    point, support, weights = drawn(4, m=3, V=5)
    _, left = projected(point, support, weights)
    for x, inside, y in zip(point, support, left, strict=True):
        variable, level = cp.Variable(5), cp.Variable()
        distance = cp.sum(cp.multiply(weights, cp.square(variable - x)))
        constraints = [variable[inside] == level]
        if not inside.all():
            constraints.append(variable[~inside] <= level)
        cp.Problem(cp.Minimize(distance), constraints).solve(solver="CLARABEL")
        np.testing.assert_allclose(y, variable.value, atol=1e-6)


@given(
    point=arrays(np.float64, (3, 5), elements=st.floats(-100, 100)),
    support=arrays(np.bool_, (3, 5)),
    weights=arrays(np.float64, 5, elements=st.integers(1, 20).map(float)),
    start=st.floats(-1000, 1000),
)
def test_what_is_taken_lies_in_the_polar_cone(point, support, weights, start):
    """Moreau: weighted row sums of zero, nothing negative off the support, orthogonal to what is left."""
    support = support.copy()
    support[:, 0] = True
    _, left = projected(point, support, weights, start=start)
    taken = point - left
    np.testing.assert_allclose(taken @ weights, 0, atol=1e-9)
    assert taken[~support].min(initial=0) >= 0
    np.testing.assert_allclose((taken * left) @ weights, 0, atol=1e-7)
    assert max(np.ptp(row[inside]) for row, inside in zip(left, support, strict=True)) <= 1e-10
    again = projected(left, support, weights, start=start)[1]
    np.testing.assert_allclose(again, left, atol=1e-10)


def test_a_token_of_weight_two_is_two_tokens():
    point, support, _ = drawn(5)
    weights = np.array([2.0, 1, 1, 2, 1, 1, 3])
    copies = np.repeat(np.arange(7), weights.astype(int))
    merged = projected(point, support, weights)[1]
    np.testing.assert_allclose(projected(point[:, copies], support[:, copies])[1], merged[:, copies], atol=1e-13)


def test_weights_of_one_change_nothing():
    point, support, _ = drawn(6)
    for given_weights in (np.ones(7), np.full(7, 3.0)):
        np.testing.assert_allclose(
            projected(point, support, given_weights)[1], projected(point, support)[1], atol=1e-13
        )


@pytest.mark.parametrize("weighted", [False, True])
def test_one_step_is_one_of_newtons_and_further_ones_stop_at_the_root(weighted):
    point, support, weights = drawn(7, V=12)
    weights = weights if weighted else None
    one, _ = projected(point, support, weights, steps=1)
    k = np.ones(12) if weights is None else weights
    over = support | (point > 0)
    np.testing.assert_allclose(one, (np.where(over, point, 0) @ k) / (over @ k), atol=1e-13)
    settled = projected(point, support, weights, steps=13)[0]
    assert np.abs(one - settled).max() > 1e-3
    np.testing.assert_array_equal(projected(point, support, weights, steps=10**9)[0], settled)


@pytest.mark.parametrize("weighted", [False, True])
def test_tensors_are_projected_alike(weighted):
    import array_api_compat.torch as xp

    point, support, weights = drawn(8)
    start = np.zeros((6, 1))
    expected = clipped(np, point, start, floor_of(support), steps=STEPS, weights=weights if weighted else None)
    found = clipped(
        xp,
        torch.tensor(point),
        torch.tensor(start),
        torch.tensor(floor_of(support)),
        steps=STEPS,
        weights=torch.tensor(weights) if weighted else None,
    )
    for tensor, array in zip(found, expected, strict=True):
        np.testing.assert_allclose(tensor.numpy(), array, atol=1e-13)
