"""Each optimiser step by step against torch, and what its steps look like."""

import numpy as np
import pytest
import torch

import ntp_lib as ntp
from ntp_lib.loss.slope import Slope
from ntp_lib.trajectories import optimisers
from ntp_lib.trajectories.initialisation import lecun
from ntp_lib.trajectories.optimisers import Adam

STEPS = 12


def torch_loss(weights, data):
    log_q = torch.log_softmax(weights @ torch.tensor(data.embeddings.T), dim=0)
    return -(torch.tensor((data.context_probs[:, None] * data.next_token_probs).T) * log_q).sum()


def torch_trajectory(data, W0, make_optimiser):
    weights = torch.tensor(W0, requires_grad=True)
    optimiser = make_optimiser([weights])
    points = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        torch_loss(weights, data).backward()
        optimiser.step()
        points.append(weights.detach().numpy().copy())
    return points


def trajectory(step, W):
    points = []
    for _ in range(STEPS):
        W = step(W)
        points.append(W)
    return points


def assert_same_points(found, expected):
    for here, there in zip(found, expected, strict=True):
        # Two roundings of the same gradient, a few steps long; Adam divides by gradients of about 1e-3.
        assert np.abs(here - there).max() <= 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_gradient_descent_takes_the_steps_of_torch(seed, random_problem):
    data = random_problem(seed)
    W0 = lecun(data, seed=seed)
    expected = torch_trajectory(data, W0, lambda weights: torch.optim.SGD(weights, lr=0.3))
    assert_same_points(trajectory(optimisers.gradient_descent(Slope(data), step_size=0.3), W0), expected)
    with pytest.raises(AssertionError):
        assert_same_points(trajectory(optimisers.gradient_descent(Slope(data), step_size=0.303), W0), expected)


@pytest.mark.parametrize("method", ["gd", "ngd"])
@pytest.mark.parametrize("sizes", [(1, 1), (2, 3)])
def test_a_thousand_steps_follow_the_measured_gradient(method, sizes, random_problem):
    data = random_problem(1, sizes=sizes)
    make = optimisers.gradient_descent if method == "gd" else optimisers.normalised_gradient_descent
    step_size = 0.2 if method == "gd" else 0.01
    step, here, there = make(Slope(data), step_size=step_size), lecun(data), lecun(data)
    for _ in range(1000 if method == "gd" else 300):
        slope = ntp.gradient(there, data)
        here = step(here)
        there = there - step_size * (slope if method == "gd" else slope / np.linalg.norm(slope))
    # A thousand roundings of 1e-16 that gradient descent does not amplify and 300 normalised steps hardly do.
    assert np.abs(here - there).max() <= 1e-9
    assert np.abs(step(here) - there).max() > 1e-7, "control: one step further"


@pytest.mark.parametrize("betas", [(0.9, 0.99), (0.5, 0.9)])
@pytest.mark.parametrize("seed", range(4))
def test_adam_takes_the_steps_of_torch(seed, betas, random_problem):
    data = random_problem(seed)
    W0 = lecun(data, seed=seed)
    expected = torch_trajectory(data, W0, lambda w: torch.optim.Adam(w, lr=0.05, betas=betas, eps=1e-8))
    step = Adam(Slope(data), step_size=0.05, betas=betas, epsilon=1e-8)
    assert_same_points(trajectory(step, W0), expected)
    other = Adam(Slope(data), step_size=0.05, betas=(0.8, 0.99), epsilon=1e-8)
    with pytest.raises(AssertionError):
        assert_same_points(trajectory(other, W0), expected)


def test_adam_leaves_the_points_it_returned(random_problem):
    data = random_problem(0)
    W0 = lecun(data)
    before = W0.copy()
    points = trajectory(Adam(Slope(data), step_size=0.05, betas=(0.9, 0.99), epsilon=1e-8), W0)
    assert np.array_equal(W0, before)
    assert len({point.tobytes() for point in points}) == STEPS


@pytest.mark.parametrize("seed", range(4))
def test_normalised_steps_have_the_step_size_as_length_and_the_gradient_as_direction(seed, random_problem):
    data = random_problem(seed)
    W = lecun(data, seed=seed)
    step = optimisers.normalised_gradient_descent(Slope(data), step_size=0.07)
    for _ in range(STEPS):
        after, slope = step(W), ntp.gradient(W, data)
        assert np.linalg.norm(after - W) == pytest.approx(0.07, rel=1e-12)
        assert -np.sum((after - W) * slope) == pytest.approx(0.07 * np.linalg.norm(slope), rel=1e-12)
        W = after
    plain = optimisers.gradient_descent(Slope(data), step_size=0.07)(W) - W
    assert np.linalg.norm(plain) != pytest.approx(0.07, rel=1e-3), "control: a plain step has another length"


def test_a_gradient_that_underflows_stops_normalised_descent():
    data = ntp.NTPData([[1.0]], [1.0], [[1.0, 0.0]])
    W = np.array([[1e4], [-1e4]])
    assert not ntp.gradient(W, data).any()
    assert np.array_equal(optimisers.normalised_gradient_descent(Slope(data), step_size=0.1)(W), W)
