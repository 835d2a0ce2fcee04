"""Sampled gradients have the exact gradient as their mean and the same accuracy."""

import numpy as np
import pytest

import ntp_lib as ntp
from ntp_lib.loss import sampled
from ntp_lib.loss.sampled import SampledSlope
from ntp_lib.trajectories.initialisation import lecun


def test_the_mean_of_many_batches_is_the_gradient(random_problem):
    data = random_problem(0)
    W, exact = lecun(data), ntp.gradient(lecun(data), data)
    slope = SampledSlope(data, batch_size=2, seed=0)
    draws = np.array([slope(W) for _ in range(4000)])
    error = np.abs(draws.mean(axis=0) - exact)
    # Five standard errors, over twenty entries or so.
    assert (error <= 5 * draws.std(axis=0) / np.sqrt(len(draws)) + 1e-15).all()
    uniform = np.mean([SampledSlope(data, batch_size=1, seed=s)(W) for s in range(5)], axis=0)
    assert np.abs(uniform - exact).max() > 1e-3, "control: five draws are not the mean"


def test_the_seed_decides_the_batches(random_problem):
    data = random_problem(0)
    W = lecun(data)
    first, again, other = (SampledSlope(data, batch_size=1, seed=s) for s in (1, 1, 2))
    firsts, agains, others = ([slope(W) for _ in range(8)] for slope in (first, again, other))
    assert np.array_equal(firsts, agains)
    assert not np.array_equal(firsts, others)


def test_training_on_batches_lowers_the_loss(random_problem):
    data = random_problem(0, m=4, d=4)
    frame = ntp.train(data, step_size=0.2, steps=500, batch_size=2).frame
    assert frame["excess_loss"].iloc[-1] < 0.5 * frame["excess_loss"].iloc[0]


def test_sparse_rows_give_the_same_estimates(monkeypatch, random_problem):
    data = random_problem(0)
    W = lecun(data)
    dense = SampledSlope(data, batch_size=3, seed=1)(W)
    monkeypatch.setattr(sampled, "MOST_ENTRIES", data.vocab_size * 3)
    assert np.array_equal(SampledSlope(data, batch_size=3, seed=1)(W), dense)


@pytest.mark.parametrize("batch_size", [0, -1, 1.5, True, "x", float("nan"), 10**9])
def test_batches_have_a_size(batch_size, random_problem):
    with pytest.raises(ntp.NTPDataError, match=r"batch_size is .*whole number of at least 1 and at most"):
        SampledSlope(random_problem(0), batch_size=batch_size)
