"""Adam below the square root of the smallest float, where a second moment of squares has underflowed."""

import numpy as np
import torch

from ntp_lib.trajectories.optimisers import Adam


def gradients(size):
    """The same few gradients at another scale."""
    rng = np.random.default_rng(0)
    fixed = rng.standard_normal((6, 2, 3))
    return iter(size * fixed)


def end(size, epsilon=0.0):
    source = gradients(size)
    adam = Adam(lambda W: next(source), step_size=0.1, betas=(0.9, 0.99), epsilon=epsilon)
    W = np.zeros((2, 3))
    for _ in range(6):
        W = adam(W)
    return W


def test_without_epsilon_the_size_of_the_gradients_does_not_matter():
    for size in (1e-150, 1e-200, 1e-290):
        assert np.abs(end(size) - end(1.0)).max() <= 1e-13
    assert np.abs(end(1e-9, epsilon=1e-8) - end(1.0)).max() > 0.1, "control: with epsilon it does"


def test_squares_would_have_underflowed():
    weights = torch.nn.Parameter(torch.zeros(2, 3, dtype=torch.float64))
    optimiser = torch.optim.Adam([weights], lr=0.1, betas=(0.9, 0.99), eps=0.0)
    weights.grad = torch.from_numpy(next(gradients(1e-200)).copy())
    optimiser.step()
    assert not torch.isfinite(weights).all()


def test_the_scale_is_the_root_of_the_averaged_squares():
    source, betas = gradients(1.0), (0.9, 0.99)
    adam = Adam(lambda W: next(source), step_size=0.1, betas=betas, epsilon=1e-8)
    W, second = np.zeros((2, 3)), np.zeros((2, 3))
    for gradient in gradients(1.0):
        W = adam(W)
        second = 0.99 * second + 0.01 * gradient**2
    assert np.abs(adam.scale - (np.sqrt(second / (1 - 0.99**6)) + 1e-8)).max() <= 1e-14


def test_entries_without_a_gradient_stay():
    adam = Adam(lambda W: np.array([[0.0, 1.0]]), step_size=0.1, betas=(0.9, 0.99), epsilon=0.0)
    assert np.abs(adam(np.zeros((1, 2))) - [[0.0, -0.1]]).max() <= 1e-15
